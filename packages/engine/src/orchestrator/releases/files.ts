// Compares the files of releases that run with what was registered. Reports a change once, and once again when it is
// fixed; never acts on it by itself.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FactOf } from '../../domain/audit-events.ts';
import { digestFolder } from '../../lib/digest.ts';
import { messageOf } from '../../lib/errors.ts';
import { isMissing, readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { changedFiles, type Listing, listFiles, markOf } from '../../releases/drift.ts';
import type { Lease } from '../../state/leases.ts';
import { dropSnapshot, filesKey, getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import { slotsOf } from '../../state/stored-releases.ts';
import { type ReleaseRow, readRelease } from '../../state/targets.ts';
import type { Core } from '../core.ts';

/** What was found; nothing while the files are those that were registered. */
export interface FilesDrift {
  readonly digest: string;
  /** The first of them by name; empty where it cannot be determined which. */
  readonly files: readonly string[];
  readonly count: number;
  readonly since: number;
  readonly toldAt: number;
}

interface Watched {
  /** As it was when all bytes were last read and found good. */
  readonly good: Listing | undefined;
  /** As it was when all bytes were last read. */
  readonly mark: string | undefined;
  readonly digestedAt: number;
}

/** What this controller remembers from check to check. */
export type FilesMemory = Map<string, Watched>;

const named = 10;
const longestName = 120;
/** Of files that come and go all the time, not every one is news. */
const tellEveryMs = 3_600_000;
/** All bytes of a release are not read more often than this, however often its files change. */
const digestEveryMs = 60_000;
/** A longer list is not stored across restarts of the controller: all bytes are read once then. */
const mostKept = 20_000;

export function readFilesDrift({ store }: Core, service: string, version: string): FilesDrift | undefined {
  return getSnapshot<FilesDrift>(store.db, filesKey(service, version))?.value;
}

interface Look {
  readonly core: Core;
  readonly lease: Lease;
  readonly memory: FilesMemory;
  readonly signal: AbortSignal;
}

/** Every release that is in a slot. @throws BlueGreenError `fenced-out` */
export async function lookAtFiles(look: Look): Promise<void> {
  const { core, memory } = look;
  const running = runningReleases(core);
  const names = new Set(running.map(nameOf));
  for (const name of memory.keys()) if (!names.has(name)) memory.delete(name);
  forgetOthers(core, running);
  for (const release of running) await lookAt(look, release);
}

const nameOf = ({ service, version }: Pick<ReleaseRow, 'service' | 'version'>): string => `${service} ${version}`;

function runningReleases({ store: { db }, targets }: Core): readonly ReleaseRow[] {
  const services = [...new Set(targets.map(({ key }) => key.service))];
  const rows = services.flatMap((service) =>
    slotsOf(db, service).flatMap(({ role, version }) => {
      const release = role === 'idle' || version === null ? undefined : readRelease(db, service, version);
      return release ? [release] : [];
    }),
  );
  return [...new Map(rows.map((release) => [nameOf(release), release])).values()];
}

async function lookAt({ core, lease, memory, signal }: Look, release: ReleaseRow): Promise<void> {
  const now = core.clock.now();
  const before = memory.get(nameOf(release)) ?? { good: recall(core, release), mark: undefined, digestedAt: 0 };
  const listing = await listFiles(release.folder, signal).catch((thrown: unknown) => {
    if (signal.aborted) throw thrown;
    return undefined;
  });
  if (!listing)
    return settle({ core, lease }, release, { digest: 'unreadable', files: [], count: 0, since: now, toldAt: now });
  const mark = markOf(listing);
  if (before.good && markOf(before.good) === mark) {
    memory.set(nameOf(release), { ...before, mark });
    return settle({ core, lease }, release, undefined);
  }
  if (mark === before.mark || now - before.digestedAt < digestEveryMs) return;
  const digest = await digestFolder(release.folder, signal).catch((thrown: unknown) => {
    if (signal.aborted) throw thrown;
    return 'unreadable';
  });
  const good = digest === release.digest ? listing : before.good;
  memory.set(nameOf(release), { good, mark, digestedAt: now });
  if (digest === release.digest) {
    keep(core, release, listing);
    return settle({ core, lease }, release, undefined);
  }
  const changed = before.good ? changedFiles(before.good, listing) : [];
  const files = changed.slice(0, named).map(shownName);
  settle({ core, lease }, release, { digest, files, count: changed.length, since: now, toldAt: now });
}

/** Reported when it begins, when other files have changed, and when it is over. */
function settle(
  { core, lease }: Pick<Look, 'core' | 'lease'>,
  { service, version, folder }: ReleaseRow,
  found: FilesDrift | undefined,
): void {
  const before = readFilesDrift(core, service, version);
  if (found ? before && isKnown(before, found) : !before) return;
  core.store.under(lease).write((tx) => {
    const key = filesKey(service, version);
    if (found) putSnapshot(tx.db, key, { ...found, since: before?.since ?? found.since }, tx.now);
    else dropSnapshot(tx.db, key);
    tx.audit({ actor: 'engine', service, ...factOf({ service, version, folder }, found) });
  });
}

const factOf = (
  { service, version, folder }: Pick<ReleaseRow, 'service' | 'version' | 'folder'>,
  found: FilesDrift | undefined,
): FactOf<'release-drifted' | 'release-restored'> & { readonly sentence: string } =>
  found
    ? {
        action: 'release-drifted',
        sentence: `the files of ${service} ${version}, which runs, are not those that were registered: ${filesText(found)}`,
        detail: { version, folder, files: found.files, count: found.count },
      }
    : {
        action: 'release-restored',
        sentence: `the files of ${service} ${version} are again those that were registered`,
        detail: { version, folder },
      };

/** A log that grows in the folder of a release is one change, not one a minute. */
function isKnown(before: FilesDrift, found: FilesDrift): boolean {
  const areFilesKnown = before.count > 0 || found.count > 0;
  const isSame = areFilesKnown
    ? before.count === found.count && before.files.join('\0') === found.files.join('\0')
    : before.digest === found.digest;
  return isSame || found.toldAt - before.toldAt < tellEveryMs;
}

/** The end of a path is more informative than its beginning. */
const shownName = (name: string): string => {
  const text = name.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
  return text.length > longestName ? `…${text.slice(-longestName)}` : text;
};

function filesText({ files, count, digest }: FilesDrift): string {
  if (digest === 'unreadable') return 'they cannot be read whole';
  if (files.length === 0) return 'it is not known which, since they changed before they were looked at';
  return `${files.join(', ')}${count > files.length ? ` and ${count - files.length} more` : ''}`;
}

const keptFile = ({ settings }: Core, { service, version }: ReleaseRow): string =>
  join(settings.stateFolder, 'listings', service, `${version}.json`);

/** Stored separately from the state: it may be long, and can be made again. */
function keep(core: Core, release: ReleaseRow, listing: Listing): void {
  if (listing.size > mostKept) return;
  try {
    writeFileAtomic(keptFile(core, release), JSON.stringify({ digest: release.digest, files: [...listing] }));
  } catch (thrown) {
    core.log.warn({ version: release.version, problem: messageOf(thrown) }, 'a list of files could not be stored');
  }
}

/** Lists of releases that do not run any more. */
function forgetOthers({ settings, targets }: Core, running: readonly ReleaseRow[]): void {
  for (const service of new Set(targets.map(({ key }) => key.service))) {
    const folder = join(settings.stateFolder, 'listings', service);
    const needed = new Set(running.filter((row) => row.service === service).map(({ version }) => `${version}.json`));
    for (const name of namesIn(folder)) if (!needed.has(name)) rmSync(join(folder, name), { force: true });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** What cannot be understood is as if it was not there: then all bytes are read. */
function recall(core: Core, release: ReleaseRow): Listing | undefined {
  try {
    const text = readFileIfAny(keptFile(core, release));
    const kept = text === undefined ? undefined : (JSON.parse(text) as { digest: string; files: [string, string][] });
    return kept?.digest === release.digest ? new Map(kept.files) : undefined;
  } catch {
    return undefined;
  }
}
