// A state with a long history, made fast: copies of one real deployment with a valid chain. The rows go in without
// triggers and without syncs; what the engine does with the file afterwards is as with any other.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOf } from '../../packages/engine/src/state/audit.ts';
import { openDatabase } from '../../packages/engine/src/state/database.ts';
import { aBuild, aside, hex, versionAt } from './growth-rows.ts';
import { type Row, recordTemplate, type Template, type Value } from './growth-template.ts';

export interface History {
  readonly deployments: number;
  /** At least as many as the deployments write. */
  readonly auditRows: number;
}

const prefix = 'bg-growth-';
const everyMs = 600_000;

/** Made once for this version of the engine and of this file; older ones are removed. */
export async function historyFolder(history: History, say: (sentence: string) => void): Promise<string> {
  const name = `${prefix}${history.deployments}-${history.auditRows}-`;
  const folder = join(tmpdir(), `${name}${digestOfMakers()}`);
  if (existsSync(folder)) return folder;
  for (const older of readdirSync(tmpdir()))
    if (older.startsWith(name)) rmSync(join(tmpdir(), older), { recursive: true });
  say(`Making a state with ${history.deployments} deployments and ${history.auditRows} audit rows …`);
  const unfinished = `${folder}.part`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  write(unfinished, history, await recordTemplate());
  renameSync(unfinished, folder);
  return folder;
}

export function forgetHistories(): void {
  for (const each of readdirSync(tmpdir()))
    if (each.startsWith(prefix)) rmSync(join(tmpdir(), each), { recursive: true, force: true });
}

function digestOfMakers(): string {
  const migrations = join(import.meta.dirname, '../../migrations');
  const files = [
    ...readdirSync(migrations)
      .filter((each) => each.endsWith('.sql'))
      .map((each) => join(migrations, each)),
    ...['growth-file.ts', 'growth-rows.ts', 'growth-template.ts'].map((each) => join(import.meta.dirname, each)),
  ];
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

type Client = ReturnType<typeof openDatabase>['$client'];

function write(folder: string, history: History, template: Template): void {
  const { $client: client } = openDatabase(folder);
  for (const pragma of ['journal_mode = MEMORY', 'synchronous = OFF', 'cache_size = -1500000', 'foreign_keys = OFF'])
    client.pragma(pragma);
  const triggers = client.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all() as readonly {
    readonly name: string;
    readonly sql: string;
  }[];
  for (const { name } of triggers) client.exec(`DROP TRIGGER ${name}`);
  const writer = createWriter(client, template, history);
  const batch = 1_000;
  for (let first = 1; first <= history.deployments; first += batch)
    client.transaction(() => {
      for (let index = first; index < Math.min(first + batch, history.deployments + 1); index += 1) writer.add(index);
    })();
  client.transaction(() => writer.end())();
  for (const { sql } of triggers) client.exec(sql);
  client.pragma('journal_mode = WAL');
  client.close();
}

function createWriter(client: Client, template: Template, { deployments, auditRows }: History) {
  const put = createPut(client);
  const firstAt = Date.now() - deployments * everyMs;
  const more = Math.max(0, Math.floor(auditRows / deployments) - template.audit.length);
  let seq = 0;
  let hash = '0'.repeat(64);
  const audit = (row: Omit<Parameters<typeof hashOf>[0], 'seq' | 'previousHash'>): void => {
    seq += 1;
    const next = hashOf({ ...row, seq, previousHash: hash });
    const { deploymentId: deployment_id, ...rest } = row;
    put('audit', { seq, ...rest, deployment_id, previous_hash: hash, hash: next });
    hash = next;
  };
  const text = JSON.stringify(template);
  const copyOf = (index: number): Template =>
    JSON.parse(namesOf(template, index).reduce((copy, [from, to]) => copy.replaceAll(from, to), text)) as Template;
  return {
    add(index: number): void {
      const at = firstAt + index * everyMs;
      const copy = copyOf(index);
      const laterMs = at - template.at;
      for (const [table, rows] of Object.entries(copy.rows)) for (const row of rows) put(table, later(row, laterMs));
      aBuild(put, index, at);
      for (const row of aside(index, more)) audit({ ...row, at });
      for (const row of copy.audit) audit(auditOf(later(row, laterMs)));
      put('heads', { seq, hash, published_at: at + template.tookMs, place: 'slack' });
    },
    end(): void {
      const copy = copyOf(deployments);
      const laterMs = firstAt + deployments * everyMs - template.at;
      for (const table of ['slots', 'targets'] as const) for (const row of copy[table]) put(table, later(row, laterMs));
    },
  };
}

function createPut(client: Client): (table: string, row: Row) => void {
  const statements = new Map<string, ReturnType<typeof client.prepare<Value[]>>>();
  return (table, row) => {
    const columns = Object.keys(row);
    const key = `${table} ${columns.join()}`;
    const known = statements.get(key);
    const statement =
      known ??
      client.prepare<Value[]>(`INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`);
    if (!known) statements.set(key, statement);
    statement.run(...Object.values(row));
  };
}

function namesOf(template: Template, index: number): readonly (readonly [string, string])[] {
  return [
    [template.id, `d_${hex(`deployment ${index}`).slice(0, 8)}${index.toString(16)}`],
    [template.digest, hex(versionAt(index))],
    [template.fromDigest, hex(versionAt(index - 1))],
    [template.digest.slice(0, 12), hex(versionAt(index)).slice(0, 12)],
    [template.version, versionAt(index)],
    [template.fromVersion, versionAt(index - 1)],
  ];
}

const timed = /(^at|_at|^since|^keep_until)$/;

function later(row: Row, laterMs: number): Row {
  const entries = Object.entries(row).map(([column, value]): readonly [string, Value] => [
    column,
    typeof value === 'number' && timed.test(column) ? value + laterMs : value,
  ]);
  return Object.fromEntries(entries);
}

function auditOf(row: Row): Omit<Parameters<typeof hashOf>[0], 'seq' | 'previousHash'> {
  const text = (name: string): string => String(row[name]);
  const perhaps = (name: string): string | null => (row[name] === null ? null : text(name));
  return {
    at: Number(row.at),
    actor: text('actor'),
    action: text('action'),
    service: perhaps('service'),
    target: perhaps('target'),
    deploymentId: perhaps('deployment_id'),
    code: perhaps('code'),
    sentence: text('sentence'),
    detail: text('detail'),
  };
}
