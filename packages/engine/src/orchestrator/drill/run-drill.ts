// One drill: the way back is proved up to the moment at which users would move. The standby is probed, tested, and reached
// through the preview route of the load balancer; where it does not run, it is started first. Afterwards all is as before.

import type { DrillView } from '../../api/views.ts';
import { isContinuous } from '../../config/probes/continuous-smoke.ts';
import { otherSlot, type SlotName } from '../../domain/target.ts';
import { forHowLong } from '../../domain/times.ts';
import { readRouting, readSlot } from '../../state/targets.ts';
import { releaseFiles, slotMutex, type TargetContext } from '../core.ts';
import { activeSide } from '../gates/facts.ts';
import { runSettingsOf, startRelease } from '../plan/release-settings.ts';
import { changeRouting } from '../routing/routing.ts';
import { holdsBack, standingOf } from '../routing/standing.ts';
import { awaitHealthy, outputOf, problemOfSide } from '../run/await-healthy.ts';
import { proveThrough } from '../run/steps/receipt.ts';
import { smokeSlot } from '../side-checks.ts';
import { isWarm, rollbackTarget } from '../verbs/rollback-target.ts';
import { putDrill } from './memory.ts';

export type DrillResult = Omit<DrillView, 'at' | 'by'> & { readonly slot?: SlotName | undefined };

interface Drill extends TargetContext {
  readonly by: string;
  readonly slot: SlotName;
  readonly version: string;
  readonly signal: AbortSignal;
}

const probes = 3;

/** Never throws for what the drill finds out. The caller puts back what it has opened and started. */
export async function runDrill(context: TargetContext, by: string, signal: AbortSignal): Promise<DrillResult> {
  const { core, target, lease } = context;
  const to = rollbackTarget(core, target, undefined);
  if (!to) return skipped('there is no earlier release to go back to');
  if (!target.balancer.preview) return skipped('the load balancer has no preview route');
  const slot = otherSlot(activeSide(core, target)?.slot ?? 'green');
  const why = holdsBack(await standingOf({ core, target, token: lease.token }), slot);
  if (why !== undefined) return skipped(why);
  const row = readSlot(core.store.db, target.key, slot);
  const isRunning = isWarm(row) && row.version === to.version;
  if (!isRunning && row.role !== 'idle')
    return skipped(
      `${slot} holds ${row.version}${row.label === null ? '' : ` (${row.label})`}, so ${to.version} cannot be started there`,
    );
  const drill: Drill = { ...context, by, slot, version: to.version, signal };
  core.store.note((db, now) =>
    putDrill(db, target.key, { running: { by, at: now, slot, isStarted: !isRunning } }, now),
  );
  const began = core.clock.monotonic();
  const problem = isRunning ? await unfit(drill) : await started(drill);
  const startMs = isRunning ? undefined : core.clock.monotonic() - began;
  if (problem !== undefined) return failed(drill, problem);
  return proved(drill, startMs);
}

const skipped = (why: string): DrillResult => ({ code: 'skipped', sentence: `not drilled: ${why}` });

function failed({ slot, version }: Drill, problem: string): DrillResult {
  return { code: 'failed', slot, version, sentence: `a rollback to ${version} in ${slot} would not work: ${problem}` };
}

const unfit = async (drill: Drill): Promise<string | undefined> => {
  const problem = await problemOfSide(drill);
  return problem === undefined ? undefined : `it is not healthy: ${problem}`;
};

async function started(drill: Drill): Promise<string | undefined> {
  const { core, target, slot, version, signal } = drill;
  const release = releaseFiles(core, target.key.service, version);
  if (!release) return 'its files are not on this machine';
  const isTaken = await core.mutex(slotMutex(target, slot), async () => {
    if (readSlot(core.store.db, target.key, slot).role !== 'idle') return true;
    await startRelease(target, slot, release);
    return false;
  });
  if (isTaken) return 'its slot was taken meanwhile';
  const waited = await awaitHealthy({ core, target, slot, version, signal });
  switch (waited.kind) {
    case 'healthy':
      return undefined;
    case 'ended':
      return `it ended when it was started: ${outputOf(waited.seen.lastLog, 3)}`;
    case 'never':
      return `it was not healthy within ${waited.limitMs / 1_000} s: ${waited.problem}`;
    default:
      return waited satisfies never;
  }
}

async function proved(drill: Drill, startMs: number | undefined): Promise<DrillResult> {
  const { core, target, slot, version, signal } = drill;
  const smoke = await smokeProblem(drill);
  if (smoke !== undefined) return failed(drill, smoke);
  const { intent } = readRouting(core.store.db, target.key);
  const began = core.clock.monotonic();
  await changeRouting(drill, {
    desired: { active: intent.active, canary: intent.canary, preview: slot },
    onlyFrom: intent.generation,
    event: { actor: 'engine', sentence: `opens the preview route to ${slot} for a rollback drill` },
  });
  const receipt = await proveThrough({
    core,
    target,
    expected: { slot, version },
    headers: { [target.preview.header]: target.preview.token },
    probes,
    direction: 'back',
    signal,
  });
  const ms = core.clock.monotonic() - began;
  const missed = receipt.nodes.find(({ probes: sent, seen }) => seen < sent);
  if (!receipt.proved)
    return failed(drill, `${missed?.node ?? 'the load balancer'} does not reach it: ${missed?.problem ?? 'no answer'}`);
  const start = startMs === undefined ? '' : `; its start took ${forHowLong(startMs)}`;
  const sentence = `a rollback to ${version} in ${slot} works: proved through the load balancer in ${ms} ms${start}`;
  return { code: 'passed', slot, version, ms, startMs, sentence };
}

/** Only tests that may run at any time: a drill happens beside the users. */
async function smokeProblem({ core, target, slot, version, signal }: Drill): Promise<string | undefined> {
  const release = releaseFiles(core, target.key.service, version);
  const { smokeTests } = release ? runSettingsOf(target, release) : target.settings;
  const tests = smokeTests.filter(isContinuous);
  const { results } = await smokeSlot(core, target, { slot, needed: 'enough', tests, signal });
  const first = results.find(({ passed }) => !passed);
  return first && `smoke test "${first.name}": ${first.problem ?? 'no reason given'}`;
}
