// What is known of a target's schema without asking its database: the last check, stored as a snapshot. Verbs and views
// read it, since they wait for nothing; what gives users to a side asks the database itself.

import { messageOf } from '../../lib/errors.ts';
import type { SchemaVerdict } from '../../migrator/migrator.ts';
import type { MigrationStatus, SchemaStatus } from '../../migrator/phases/status.ts';
import { releasesOnceLive } from '../../state/deployments.ts';
import { getSnapshot, putSnapshot, schemaKey } from '../../state/snapshots.ts';
import { readSlot } from '../../state/targets.ts';
import { type Core, releaseFiles, type Target } from '../core.ts';

export interface SchemaLook {
  /** The release whose migrations the schema was compared with. */
  readonly version: string;
  readonly migrations: readonly SeenMigration[];
  readonly next: SchemaStatus['next'];
  readonly edited: readonly string[];
  readonly drift: readonly string[];
  readonly verdicts: Readonly<Record<string, SchemaVerdict>>;
  /** Why this check failed; the rest is then from the check before. */
  readonly problem: string | undefined;
}

export interface SeenMigration {
  readonly id: string;
  readonly state: MigrationStatus['state'];
  readonly inRelease: boolean;
  readonly rowsDone: number;
  readonly rowsTotal: number | undefined;
  readonly problem: string | undefined;
}

/** Releases beyond these are judged when a person asks for one of them. */
const mostVersions = 12;

export function readLook({ store: { db } }: Core, { key }: Target): SchemaLook | undefined {
  return getSnapshot<SchemaLook>(db, schemaKey(key))?.value;
}

/** Checks again; undefined for a target without a database, or before anything was deployed. Never throws. */
export async function lookAtSchema(core: Core, target: Target): Promise<SchemaLook | undefined> {
  const { version, folder } = eyes(core, target) ?? {};
  if (version === undefined || folder === undefined || target.migrator.kind === undefined) return undefined;
  const look = await freshLook(core, target, version, folder).catch((thrown: unknown) => ({
    ...(readLook(core, target) ?? unseen(version)),
    problem: messageOf(thrown),
  }));
  core.store.tell((db, now) => putSnapshot(db, schemaKey(target.key), look, now));
  return look;
}

async function freshLook(core: Core, target: Target, version: string, folder: string): Promise<SchemaLook> {
  const status = await target.migrator.status(folder);
  const versions = versionsOf(core, target);
  const verdicts = await target.migrator.compatible(versions.map((each) => each.folder));
  return {
    version,
    migrations: status.migrations.map(seen),
    next: status.next,
    edited: status.edits.real.map(({ file }) => file),
    drift: status.drift ?? [],
    verdicts: Object.fromEntries(
      versions.flatMap((each, index) => {
        const verdict = verdicts[index];
        return verdict ? [[each.version, verdict]] : [];
      }),
    ),
    problem: undefined,
  };
}

const unseen = (version: string): SchemaLook => ({
  version,
  migrations: [],
  next: { expand: [], backfill: [], contract: [] },
  edited: [],
  drift: [],
  verdicts: {},
  problem: undefined,
});

const seen = ({ id, state, inRelease, row }: MigrationStatus): SeenMigration => ({
  id,
  state,
  inRelease,
  rowsDone: row?.rowsDone ?? 0,
  rowsTotal: row?.rowsTotal,
  problem: row?.problem,
});

/** The release that users have; before there is one, the release in a slot. */
export function eyes(core: Core, target: Target): { readonly version: string; readonly folder: string } | undefined {
  const slots = (['blue', 'green'] as const).map((slot) => readSlot(core.store.db, target.key, slot));
  const chosen = slots.find(({ role }) => role === 'active') ?? slots.find(({ version }) => version !== null);
  return chosen?.version ? releaseFiles(core, target.key.service, chosen.version) : undefined;
}

/** What is in the slots, and what was live before: all that a person may give users to with one command. */
export function versionsOf(
  core: Core,
  target: Target,
): readonly { readonly version: string; readonly folder: string }[] {
  const standing = (['blue', 'green'] as const).map((slot) => readSlot(core.store.db, target.key, slot).version);
  const versions = [...standing, ...releasesOnceLive(core.store.db, target.key)];
  return [...new Set(versions)]
    .flatMap((version) => {
      const release = version === null ? undefined : releaseFiles(core, target.key.service, version);
      return release ? [release] : [];
    })
    .slice(0, mostVersions);
}

/** What permanently prevents giving this release users, as far as the last check knows. */
export function lostFor(core: Core, target: Target, version: string): string | undefined {
  const verdict = readLook(core, target)?.verdicts[version];
  return verdict && verdict.lost.length > 0 ? verdict.evidence : undefined;
}

/** As far as the last check knows; false without a database, too. */
export function fitsAsSeen(core: Core, target: Target, version: string): boolean {
  return readLook(core, target)?.verdicts[version]?.verdict === 'compatible';
}

/** Asked of the database. One that cannot be asked stops no deployment: the way back must not need it. */
export async function fitsSchema(core: Core, target: Target, folder: string): Promise<SchemaVerdict> {
  return target.migrator.compatible([folder]).then(
    ([verdict]) => verdict ?? unknown('nothing was said of it'),
    (thrown: unknown) => {
      core.log.warn({ target: target.name, problem: messageOf(thrown) }, 'the schema could not be looked at');
      return unknown(messageOf(thrown));
    },
  );
}

const unknown = (evidence: string): SchemaVerdict => ({ verdict: 'unknown', lost: [], evidence });
