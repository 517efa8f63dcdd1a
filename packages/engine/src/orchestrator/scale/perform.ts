// The controller's part: carries out every change of a number of instances that was asked for. What was asked for is in the
// state before anything is started or stopped, so that the next controller goes on with it.

import { shortName } from '../../domain/actor.ts';
import type { SlotKey, SlotName } from '../../domain/target.ts';
import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { endScaling, readCount, type Scaling, setCount, setScaling } from '../../state/counts.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import { readSlot } from '../../state/targets.ts';
import { type Core, releaseFiles, slotMutex, type Target, type TargetContext } from '../core.ts';
import { standingOf } from '../routing/standing.ts';
import { type Changing, isAtReserved, scaleDown, scaleUp, startedCount } from './change.ts';

interface Scale extends TargetContext {
  readonly slot: SlotName;
  readonly signal: AbortSignal;
}

const lookEveryMs = 1_000;
const retryMs = 1_000;
/** What cannot be done or known for so long is taken back, or given up. */
const longestMs = 15 * 60_000;

export async function performScales(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const scaled = core.targets.filter(({ counts }) => counts !== undefined);
  await Promise.all(
    scaled.flatMap((target) =>
      (['blue', 'green'] as const).map((slot) => scaleWhenAsked({ core, target, lease, slot, signal })),
    ),
  );
}

async function scaleWhenAsked(scale: Scale): Promise<void> {
  const { core, target, slot, signal } = scale;
  while (!signal.aborted) {
    if (target.counts?.scaling(slot) === undefined) {
      await core.changeSignal.changed(lookEveryMs, signal);
      continue;
    }
    try {
      await core.mutex(slotMutex(target, slot), () => performScale(scale));
    } catch (thrown) {
      if (hasCode(thrown, 'fenced-out') || hasCode(thrown, 'state-locked')) throw thrown;
      core.log.error(
        { target: target.name, slot, problem: messageOf(thrown) },
        'instances could not be scaled, tries again',
      );
      giveUpWhenLate(scale, messageOf(thrown));
      await pause(core.clock, retryMs, signal);
    }
  }
}

/** Under the slot's mutex. @throws what is not known now */
export async function performScale(scale: Scale): Promise<void> {
  const { core, target, lease, slot, signal } = scale;
  const key = keyOf(scale);
  const { scaling } = readCount(core.store.db, key);
  if (!scaling) return;
  const release = mayScale(scale);
  if (typeof release === 'string') return giveUp(scale, scaling, release);
  const standing = await standingOf({ core, target, token: lease.token });
  if (standing.kind !== 'known') throw new Error(standing.sentence);
  const changing: Changing = {
    core,
    target,
    slot,
    release,
    scaling,
    signal,
    admit: (admitted) => {
      const now = readCount(core.store.db, key).scaling ?? scaling;
      if (now.admitted !== admitted)
        write(scale, { ...now, admitted }, `users of ${slot} get ${instances(admitted)} from now on`);
    },
    isServed: async () => {
      const now = await standingOf({ core, target, token: lease.token });
      return now.kind === 'known' && now.served.has(slot);
    },
  };
  const isMore = scaling.to >= startedCount(target, slot);
  const problem = await (isMore ? scaleUp(changing) : scaleDown(changing));
  if (signal.aborted) return;
  if (problem === undefined) return done(scale, scaling);
  if (scaling.problem !== undefined || !isMore) return giveUp(scale, scaling, scaling.problem ?? problem);
  // Those that were added leave again; a kill in between finds that written.
  write(
    scale,
    { ...scaling, from: scaling.to, to: scaling.from, admitted: scaling.from, problem },
    `${slot} goes back to ${instances(scaling.from)}: ${problem}`,
  );
  return performScale(scale);
}

const keyOf = ({ target, slot }: Pick<Scale, 'target' | 'slot'>): SlotKey => ({ ...target.key, slot });

/** The release whose instances change; a sentence where nothing may be changed. */
function mayScale({ core, target, slot }: Scale): Changing['release'] | string {
  const row = readSlot(core.store.db, target.key, slot);
  if (row.role === 'idle' || row.version === null) return `nothing runs in ${slot} any more`;
  const live = liveDeployment(core.store.db, target.key);
  if (live?.slot === slot) return `a deployment of ${live.version} works in ${slot}`;
  const release = releaseFiles(core, row.service, row.version);
  const started = target.environment.startedAs({ ...target.key, slot });
  if (!release) return `the files of ${row.version} are not known any more`;
  if (started?.version !== row.version || started.digest !== release.digest)
    return `${slot} does not run ${row.version} as it is known`;
  if (!isAtReserved(target, slot)) return `${slot} was started at other addresses than it has now`;
  return release;
}

function write(scale: Scale, scaling: Scaling, sentence: string): void {
  const { core, target, lease, slot } = scale;
  const { from: had, to, admitted } = scaling;
  core.store.under(lease).write((tx) => {
    setScaling(tx, keyOf(scale), scaling);
    const detail = { slot, instances: to, had, admitted };
    tx.audit({ ...target.key, actor: 'engine', action: 'scale-step', sentence, detail });
  });
}

function done(scale: Scale, scaling: Scaling): void {
  const { core, target, lease, slot } = scale;
  const { from, to, by, problem } = scaling;
  const isBack = problem !== undefined;
  core.store.under(lease).write((tx) => {
    if (isBack) endScaling(tx, keyOf(scale));
    else setCount(tx, keyOf(scale), to === configuredCount(target, slot) ? undefined : to);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: isBack ? 'scale-failed' : 'scaled',
      sentence: isBack
        ? `${slot} has ${instances(to)} as before: ${instances(from)}, as ${shortName(by)} asked for, were not reached: ${problem}`
        : `${slot} has ${instances(to)} now, ${from} before`,
      detail: isBack ? { slot, instances: from, had: to } : { slot, instances: to, had: from },
    });
  });
}

/** What users get stays as it is. */
function giveUp(scale: Scale, { from, to, by, problem }: Scaling, why: string): void {
  const { core, target, lease, slot } = scale;
  const asked = problem === undefined ? to : from;
  core.store.under(lease).write((tx) => {
    endScaling(tx, keyOf(scale));
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'scale-failed',
      sentence: `${slot} does not get ${instances(asked)}, as ${shortName(by)} asked for: ${why}`,
      detail: { slot, instances: asked, had: problem === undefined ? from : to },
    });
  });
}

function giveUpWhenLate(scale: Scale, why: string): void {
  const { core, target, slot } = scale;
  const scaling = target.counts?.scaling(slot);
  if (scaling && core.clock.now() - scaling.since > longestMs) giveUp(scale, scaling, why);
}

const configuredCount = ({ settings }: Target, slot: SlotName): number => settings.slots[slot].ports?.length ?? 1;

export const instances = (count: number): string => (count === 1 ? '1 instance' : `${count} instances`);
