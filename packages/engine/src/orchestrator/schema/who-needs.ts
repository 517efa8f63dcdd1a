// Who still needs the shape of the schema that a contract takes away: each side that has users, may get them with one
// command, or may be gone back to. The sentence that people approve names the older releases beyond that.

import { clockTime } from '../../domain/times.ts';
import { releasesLeft } from '../../state/contracts.ts';
import { releasesOnceLive } from '../../state/deployments.ts';
import { readQuarantine, readRelease, readRouting, readSlot, type SlotRow } from '../../state/targets.ts';
import { type Core, releaseFiles, type Target } from '../core.ts';

export interface Need {
  readonly version: string;
  /** `active`, `standby in blue`, `a rollback target until …`. */
  readonly as: string;
  /** What prevents it. */
  readonly evidence: string;
}

export interface ContractNeeds {
  readonly needs: readonly Need[];
  /** Once live, not needed any more, and lost as something to go back to. */
  readonly impossible: readonly string[];
}

export interface Holder {
  readonly version: string;
  readonly as: string;
}

/** @throws MigrationError when the database cannot be asked */
export async function whoNeeds(core: Core, target: Target, ids: readonly string[]): Promise<ContractNeeds> {
  const holders = holdersOf(core, target);
  const past = releasesOnceLive(core.store.db, target.key).filter(
    (version) => !holders.some((holder) => holder.version === version),
  );
  const before = await verdictsOf(core, target, past, []);
  const after = await verdictsOf(core, target, [...holders.map(({ version }) => version), ...past], ids);
  const needs = holders.flatMap(({ version, as }): readonly Need[] => {
    const verdict = after.get(version);
    if (!verdict) return [{ version, as, evidence: 'its files are not known here, so no one can say' }];
    const { lost, evidence } = verdict;
    return lost.length > 0 || verdict.verdict === 'unknown' ? [{ version, as, evidence }] : [];
  });
  const impossible = past.filter(
    (version) => (after.get(version)?.lost.length ?? 0) > 0 && before.get(version)?.lost.length === 0,
  );
  return { needs, impossible };
}

async function verdictsOf(core: Core, target: Target, versions: readonly string[], afterwards: readonly string[]) {
  const releases = versions.flatMap((version) => {
    const files = releaseFiles(core, target.key.service, version);
    return files ? [files] : [];
  });
  const verdicts = await target.migrator.compatible(
    releases.map(({ folder }) => folder),
    afterwards,
  );
  return new Map(
    releases.flatMap(({ version }, index) => (verdicts[index] ? [[version, verdicts[index]] as const] : [])),
  );
}

/** Sides that have users, may get them with one command, or may be gone back to: on all targets of the database. */
export function holdersOf(core: Core, target: Target): readonly Holder[] {
  const others = sharingWith(core, target).flatMap((other) =>
    holdersAt(core, other).map(({ version, as }) => ({ version, as: `${as} of ${other.name}` })),
  );
  return [...holdersAt(core, target), ...others];
}

/** Other targets of the service whose releases work on the same database. */
export function sharingWith({ targets }: Core, { key, migrator }: Target): readonly Target[] {
  const place = migrator.place();
  return targets.filter(
    (other) =>
      place !== undefined &&
      other.key.service === key.service &&
      other.key.target !== key.target &&
      other.migrator.place() === place,
  );
}

function holdersAt(core: Core, target: Target): readonly Holder[] {
  const { db } = core.store;
  const slots = (['blue', 'green'] as const).map((slot) => readSlot(db, target.key, slot));
  const { canary } = readRouting(db, target.key).intent;
  const standing = slots.flatMap((row): readonly Holder[] =>
    row.version === null || isLeft(row) ? [] : [{ version: row.version, as: roleOf(row, canary?.slot === row.slot) }],
  );
  const known = new Set(standing.map(({ version }) => version));
  return [...standing, ...rollbackTargets(core, target).filter(({ version }) => !known.has(version))];
}

/** A side that failed is retained for inspection, and gets no users any more. */
const isLeft = ({ role, label }: SlotRow): boolean => role === 'preview' && (label === 'failed' || label === 'aborted');

function roleOf({ role, label, slot }: SlotRow, isCanary: boolean): string {
  if (isCanary) return `in canary in ${slot}`;
  return role === 'active' ? 'active' : `${label ?? role} in ${slot}`;
}

/** Releases that were live not long ago, and were not marked bad. */
function rollbackTargets(core: Core, target: Target): readonly Holder[] {
  const { db } = core.store;
  const keptMs = target.settings.database?.rollbackForMs ?? 0;
  return [...releasesLeft(db, target.key, core.clock.now() - keptMs)].flatMap(
    ([version, leftAt]): readonly Holder[] => {
      const until = leftAt + keptMs;
      const digest = readRelease(db, target.key.service, version)?.digest;
      const isBad = digest !== undefined && readQuarantine(db, digest) !== undefined;
      return until > core.clock.now() && !isBad ? [{ version, as: `a rollback target until ${clockTime(until)}` }] : [];
    },
  );
}

/** `v2.0 (standby in blue) and v1.0 (…)`. */
export const needsText = (needs: readonly Need[]): string =>
  needs.map(({ version, as, evidence }) => `${version} (${as}): ${evidence}`).join('; ');

export function impossibleSentence(impossible: readonly string[]): string {
  return impossible.length === 0
    ? 'after this, everything that was once live can still be gone back to'
    : `after this, rollback to ${impossible.join(', ')} is impossible`;
}
