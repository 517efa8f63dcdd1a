// The smoke tests of a release, run again and again on the live side and on the standby: a health check may pass where
// users meet errors. Audits changes only; the guard and the readiness of a rollback read the result.

import { isContinuous } from '../../../config/probes/continuous-smoke.ts';
import type { SmokeTest } from '../../../config/settings.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Db } from '../../../state/database.ts';
import { liveDeployment } from '../../../state/deployments.ts';
import type { Lease } from '../../../state/leases.ts';
import { getSnapshot, putSnapshot, slotKey, smokeKey } from '../../../state/snapshots.ts';
import { readSlot, type SlotRow } from '../../../state/targets.ts';
import { type Core, releaseFiles, type Target, type TargetContext } from '../../core.ts';
import { runSettingsOf } from '../../plan/release-settings.ts';
import { smokeSlot } from '../../side-checks.ts';
import { inRounds } from '../in-rounds.ts';
import type { SlotSnapshot } from '../side-health.ts';
import { lifeOf, nextSmoke, type SideSmoke, type SmokeRun, smokeOf } from './side-smoke.ts';

/** So many targets are tested at the same time. */
const lanes = 4;

/** Ends at once where no target asks for it. */
export async function smokeContinuously(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const asked = core.targets.filter(({ settings }) => settings.continuousSmoke !== undefined);
  await Promise.all(
    asked.map((target, index) => {
      const intervalMs = () => target.settings.continuousSmoke?.intervalMs ?? 0;
      const round = () =>
        core.mutex(`continuous smoke ${index % lanes}`, () => smokeTarget({ core, target, lease }, signal));
      return inRounds({ core, target, what: 'continuous smoke testing', intervalMs, round }, signal);
    }),
  );
}

interface Found {
  readonly row: SlotRow;
  readonly run: SmokeRun;
}

/**
 * The standby is tested after the live side, and both results are written together: a fault that both sides share shows
 * on both before anything is done about it.
 */
export async function smokeTarget({ core, target, lease }: TargetContext, signal: AbortSignal): Promise<void> {
  const found: Found[] = [];
  for (const role of ['active', 'standby'] as const)
    for (const slot of ['blue', 'green'] as const) {
      const row = readSlot(core.store.db, target.key, slot);
      const run = row.role === role ? await smokeSide(core, target, { row, signal }) : undefined;
      if (run) found.push({ row, run });
    }
  if (signal.aborted) return;
  const judged = found.flatMap((each) => judge({ core, target }, each) ?? []);
  const changed = judged.filter(({ isNews }) => isNews);
  const put = (db: Db, now: number): void => {
    for (const { row, smoke } of judged) putSnapshot(db, smokeKey(target.key, row.slot), smoke, now);
  };
  if (changed.length === 0) return core.store.note(put);
  core.store.under(lease).write((tx) => {
    put(tx.db, tx.now);
    for (const { row, smoke } of changed) tx.audit({ ...target.key, ...changeOf(row, smoke) });
  });
}

interface Asked {
  readonly row: SlotRow;
  readonly signal: AbortSignal;
}

/** Undefined where the side is not tested now. */
async function smokeSide(core: Core, target: Target, { row, signal }: Asked): Promise<SmokeRun | undefined> {
  if (signal.aborted || !isTested(core, target, row)) return undefined;
  const { slot } = row;
  const tests = testsOf(core, target, row);
  if (tests.length === 0) return undefined;
  const life = lifeOf(core, target, slot);
  const report = await smokeSlot(core, target, { slot, needed: 'enough', tests, signal });
  const first = report.results.find(({ passed }) => !passed);
  return {
    life,
    passed: report.results.filter(({ passed }) => passed).length,
    of: report.results.length,
    ms: Math.round(report.results.reduce((sum, { ms }) => sum + ms, 0)),
    problem: first && `smoke test "${first.name}": ${first.problem ?? 'no reason given'}`,
  };
}

/** What does not answer its health checks is in the hands of the supervisor, a side at work in those of its deployment. */
function isTested({ store }: Core, { key, settings }: Target, row: SlotRow): boolean {
  if (row.version === null || row.label !== null) return false;
  if (row.role !== 'active' && settings.continuousSmoke?.standby === 'off') return false;
  if (liveDeployment(store.db, key)?.slot === row.slot) return false;
  const seen = getSnapshot<SlotSnapshot>(store.db, slotKey(key, row.slot))?.value;
  return (
    seen !== undefined &&
    seen.version === row.version &&
    seen.deploymentId === row.deploymentId &&
    seen.state.condition !== 'unhealthy' &&
    seen.state.condition !== 'unknown'
  );
}

function testsOf(core: Core, target: Target, { service, version }: SlotRow): readonly SmokeTest[] {
  const release = releaseFiles(core, service, version ?? '');
  try {
    const { smokeTests } = release ? runSettingsOf(target, release) : target.settings;
    return smokeTests.filter(isContinuous);
  } catch (thrown) {
    // The check of release files reports what was changed there.
    core.log.warn(
      { target: target.name, problem: messageOf(thrown) },
      'runs the smoke tests of the configuration only',
    );
    return target.settings.smokeTests.filter(isContinuous);
  }
}

interface Judged {
  readonly row: SlotRow;
  readonly smoke: SideSmoke;
  readonly isNews: boolean;
}

/** Undefined for a side that became another one, or that a deployment took, while it was tested. */
function judge({ core, target }: Pick<TargetContext, 'core' | 'target'>, { row: before, run }: Found) {
  const rule = target.settings.continuousSmoke;
  const row = readSlot(core.store.db, target.key, before.slot);
  const { deploymentId, version, role } = row;
  const isSame = version === before.version && deploymentId === before.deploymentId && role === before.role;
  if (rule === undefined || !isSame || !isTested(core, target, row) || lifeOf(core, target, row.slot) !== run.life)
    return undefined;
  const earlier = smokeOf(core, target, row);
  const smoke: SideSmoke = { deploymentId, version, ...run, ...nextSmoke(earlier, run, rule) };
  const was = earlier?.condition ?? 'unknown';
  const isFirst = was === 'unknown' && smoke.condition !== 'failing';
  return { row, smoke, isNews: smoke.condition !== was && !isFirst } satisfies Judged;
}

function changeOf({ slot, role, version, deploymentId }: SlotRow, smoke: SideSmoke) {
  const { condition, failures, passed, of, problem } = smoke;
  const isPassing = condition === 'passing';
  const did = isPassing
    ? `passes its smoke tests again (${passed} of ${of})`
    : `failed its smoke tests ${failures} time${failures === 1 ? '' : 's'} in a row: ${problem ?? 'no reason given'}`;
  return {
    actor: 'engine',
    action: 'smoke-changed',
    deploymentId: deploymentId ?? undefined,
    code: isPassing ? 'passing' : 'failing',
    sentence: `${version} in ${slot} (${role}) ${did}`,
    detail: { slot, role, version, passed, of },
  } as const;
}
