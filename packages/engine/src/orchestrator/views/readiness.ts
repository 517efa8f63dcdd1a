// What a rollback would be like now: instant, slow with the time that a start took before, or blocked with the way out.

import type { TargetView } from '../../api/views.ts';
import { otherSlot } from '../../domain/target.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import { releasesOnceLive } from '../../state/deployments.ts';
import { getSnapshot, slotKey } from '../../state/snapshots.ts';
import { readQuarantine, readRelease, readSlot, type SlotRow } from '../../state/targets.ts';
import type { SlotSnapshot } from '../controller/side-health.ts';
import { smokeOf, smokeProblem } from '../controller/smoke/side-smoke.ts';
import type { Core, Target } from '../core.ts';
import { readDrill } from '../drill/memory.ts';
import { activeSide } from '../gates/facts.ts';
import { readDrift } from '../routing/drift.ts';
import { fitsAsSeen, lostFor } from '../schema/observe.ts';
import { rollbackTarget } from '../verbs/rollback-target.ts';
import { startTimes } from './start-times.ts';

export type Readiness = TargetView['rollback'];

export function readiness(core: Core, target: Target): Readiness {
  const to = rollbackTarget(core, target, undefined);
  const drift = readDrift(core, target.key);
  if (drift?.blocks === true)
    return blocked(
      to?.version,
      'the load balancer has drifted; put back what was decided (`bg routing restore`) or adopt what it does (`bg routing adopt`)',
    );
  if (!to) return blocked(undefined, whyNone(core, target));
  const lost = lostFor(core, target, to.version);
  if (lost !== undefined) return blocked(to.version, `${to.version} cannot run on the schema: ${lost}; go forward`);
  const active = activeSide(core, target);
  const other = readSlot(core.store.db, target.key, otherSlot(active?.slot ?? 'green'));
  const found = to.warm ? warm(core, target, to.version, other) : cold(core, target, to.version, other);
  return { ...found, sentence: [found.sentence, ...drilled(core, target, to.version)].join(', ') };
}

/** What the last drill of this very release found. */
function drilled(core: Core, target: Target, version: string): readonly string[] {
  const { last } = readDrill(core.store.db, target.key);
  if (last?.version !== version || last.code === 'skipped') return [];
  const age = forHowLong(core.clock.now() - last.at);
  return [
    last.code === 'passed' ? `drilled ${age} ago: ${last.ms} ms` : `the drill ${age} ago failed: ${last.sentence}`,
  ];
}

const blocked = (version: string | undefined, sentence: string): Readiness => ({
  readiness: 'blocked',
  version,
  sentence,
});

/** The newest release that was live before says it for all. */
function whyNone(core: Core, target: Target): string {
  const { db } = core.store;
  const active = activeSide(core, target);
  const [before] = releasesOnceLive(db, target.key).filter((version) => version !== active?.version);
  if (before === undefined) return 'there is no earlier release to go back to';
  if (!active) return `no release is live on ${target.name}: deploy one, or adopt what runs (\`bg adopt\`)`;
  const digest = readRelease(db, target.key.service, before)?.digest;
  const mark = digest === undefined ? undefined : readQuarantine(db, digest);
  if (mark) return `${before} is marked bad: ${mark.reason}; deploy a fixed release, or clear the mark`;
  const lost = lostFor(core, target, before);
  if (lost !== undefined) return `${before} cannot run on the schema any more: ${lost}; go forward`;
  return `the files of ${before} are not on this machine any more; put them back, or deploy another release`;
}

function warm(core: Core, target: Target, version: string, row: SlotRow): Readiness {
  const seen = getSnapshot<SlotSnapshot>(core.store.db, slotKey(target.key, row.slot))?.value;
  const state = seen && seen.version === row.version && seen.deploymentId === row.deploymentId ? seen.state : undefined;
  if (state?.condition === 'unhealthy')
    return {
      readiness: 'slow',
      version,
      sentence: `${row.slot} ${version} is unhealthy and is started again first, ${howLong(core, target)}: ${state.problem ?? 'no reason given'}`,
    };
  const smoke = smokeProblem(core, target, row);
  if (smoke !== undefined) return failing(core, target, { version, slot: row.slot, smoke });
  const health = state === undefined || state.condition === 'unknown' ? 'not checked yet' : state.condition;
  const schema = fitsAsSeen(core, target, version) ? ['schema ok'] : [];
  const tested = smokeOf(core, target, row)?.condition === 'passing' ? ['smoke ok'] : [];
  const left = row.keepUntil === null ? [] : [`${forHowLong(row.keepUntil - core.clock.now())} left`];
  return {
    readiness: 'instant',
    version,
    sentence: [`${row.slot} ${version} ${health}`, ...tested, ...schema, ...left].join(', '),
  };
}

/** A rollback starts it again first, whatever it is called here: a way back is never refused for a test. */
function failing(
  core: Core,
  target: Target,
  { version, slot, smoke }: { readonly version: string; readonly slot: string; readonly smoke: string },
): Readiness {
  const isBlocked = target.settings.continuousSmoke?.standby === 'blocked';
  const what = `${slot} ${version} fails its smoke tests`;
  return isBlocked
    ? blocked(version, `${what}: ${smoke}; go forward, or go back all the same: \`bg rollback\` starts it again first`)
    : {
        readiness: 'slow',
        version,
        sentence: `${what} and is started again first, ${howLong(core, target)}: ${smoke}`,
      };
}

function cold(
  core: Core,
  target: Target,
  version: string,
  { slot, label, version: held, keepUntil }: SlotRow,
): Readiness {
  const until = keepUntil === null ? '' : ` until ${clockTime(keepUntil)}`;
  const why = label === null || held === null ? '' : `: ${slot} holds ${held} (${label})${until}`;
  const instead = label === 'failed' || label === 'aborted' ? '; `bg restore` gives the slot back now' : '';
  return {
    readiness: 'slow',
    version,
    sentence: `start of ${version} needed, ${howLong(core, target)}${why}${instead}`,
  };
}

/** Of the last starts on this target, the one in the middle. */
export function howLong({ store }: Core, { key }: Target): string {
  const times = [...startTimes(store.db, key)].sort((a, b) => a - b);
  const middle = times[Math.floor(times.length / 2)];
  return middle === undefined ? 'no start was measured yet' : `about ${forHowLong(Math.max(1_000, middle))}`;
}
