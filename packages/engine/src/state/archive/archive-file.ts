// The file of an archive: rows as `bg audit export` writes them, compressed. It is on the disk and was read back, row by
// row, before it gets its name; a file that has a name is never replaced.

import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { yieldToEventLoop } from '../../lib/clock.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { syncFolder } from '../../lib/files.ts';
import { storageFault } from '../../lib/storage-fault.ts';
import { type AuditHead, present, type StoredAuditRow } from '../audit.ts';
import { createExportChecker } from '../exported-audit.ts';

export interface ReadFile {
  readonly first: { readonly seq: number; readonly at: number };
  readonly last: AuditHead & { readonly at: number };
  readonly sha256: string;
  readonly bytes: number;
}

type Pages = AsyncIterable<readonly StoredAuditRow[]> | Iterable<readonly StoredAuditRow[]>;

const temporaryName = /^audit-.*\.tmp$/;
/** No run takes so long. */
const leftAfterMs = 86_400_000;

/**
 * @returns where the rows are, and that they can be read; not yet under the name of an archive
 * @throws BlueGreenError of `storageFault`, with nothing left behind
 */
export async function writeRows(folder: string, pages: Pages, now: number): Promise<string> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw storageFault(thrown, folder) ?? thrown;
  }
  removeLeft(folder, now - leftAfterMs);
  const path = join(folder, `audit-${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    // Synced before it is closed.
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(linesOf(pages)), createGzip(), file);
    return path;
  } catch (thrown) {
    rmSync(path, { force: true });
    throw storageFault(thrown, path) ?? thrown;
  }
}

async function* linesOf(pages: Pages): AsyncGenerator<string> {
  for await (const rows of pages) {
    yield rows.map(lineOf).join('');
    await yieldToEventLoop();
  }
}

/** `detailText`: where the detail, read and written again, would be another text, and have another hash. */
function lineOf(row: StoredAuditRow): string {
  const shown = { ...present(row), time: new Date(row.at).toISOString() };
  const isSame = JSON.stringify(shown.detail) === row.detail;
  return `${JSON.stringify(isSame ? shown : { ...shown, detailText: row.detail })}\n`;
}

/** What a process that was killed left. */
function removeLeft(folder: string, before: number): void {
  for (const name of readdirSync(folder)) {
    if (!temporaryName.test(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs !== undefined && mtimeMs < before) rmSync(path, { force: true });
  }
}

/**
 * Reads a whole archive, and checks each row against the one before.
 * @returns a problem for people where it is no whole part of the log that follows `before`
 */
export async function readArchive(
  path: string,
  before: AuditHead,
  take: (row: AuditHead) => string | undefined = () => undefined,
): Promise<ReadFile | { readonly seq: number; readonly problem: string }> {
  const checker = createExportChecker({ hashBefore: (seq) => (seq === before.seq ? before.hash : undefined) });
  const digest = createHash('sha256');
  let first: ReadFile['first'] | undefined;
  let last: ReadFile['last'] | undefined;
  let bytes = 0;
  const at = () => last?.seq ?? before.seq;
  try {
    const content = new PassThrough().on('data', (part: Buffer) => {
      digest.update(part);
      bytes += part.length;
    });
    const lines = new PassThrough();
    const reading = pipeline(createReadStream(path), content, createGunzip(), lines);
    // Awaited below; a problem that is found first must not leave it unhandled.
    reading.catch(() => undefined);
    for await (const line of createInterface({ input: lines, crlfDelay: Number.POSITIVE_INFINITY })) {
      const checked = checker.take(line);
      if (checked.kind === 'empty') continue;
      if (checked.kind === 'broken') return { seq: at() + 1, problem: checked.problem };
      const { seq, hash, at: moment } = checked.row;
      const problem = take({ seq, hash });
      if (problem !== undefined) return { seq, problem };
      first ??= { seq, at: moment };
      last = { seq, hash, at: moment };
    }
    await reading;
  } catch (thrown) {
    return { seq: at() + 1, problem: `it cannot be read: ${messageOf(thrown)}` };
  }
  if (first === undefined || last === undefined) return { seq: at() + 1, problem: 'it holds no row' };
  return { first, last, sha256: digest.digest('hex'), bytes };
}

/** The same rows always get the same name: a run that was killed before it recorded them is continued. */
export const archiveName = ({ first, last }: Pick<ReadFile, 'first' | 'last'>): string =>
  `audit-${padded(first.seq)}-${padded(last.seq)}-${last.hash.slice(0, 12)}.ndjson.gz`;

const padded = (seq: number): string => String(seq).padStart(12, '0');

/**
 * Gives the file its name, on the disk.
 * @returns false where a file has that name already
 */
export function nameArchive(temporary: string, folder: string, name: string): boolean {
  const path = join(folder, name);
  try {
    // Unlike a rename, a link replaces nothing.
    linkSync(temporary, path);
    syncFolder(folder);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw storageFault(thrown, path) ?? thrown;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** @throws BlueGreenError `archive-refused` where the folder does not have the file, or has another one */
export async function requireArchive(
  folder: string,
  { file, sha256, firstSeq, previousHash }: { file: string; sha256: string; firstSeq: number; previousHash: string },
): Promise<void> {
  const path = join(folder, file);
  if (!existsSync(path))
    throw new BlueGreenError('archive-refused', `${path} does not exist: its rows were recorded as archived in it`);
  const found = await readArchive(path, { seq: firstSeq - 1, hash: previousHash });
  if ('problem' in found) throw new BlueGreenError('archive-refused', `${path} is damaged: ${found.problem}`);
  if (found.sha256 !== sha256)
    throw new BlueGreenError('archive-refused', `${path} is another file than the one that was recorded`);
}
