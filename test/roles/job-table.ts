// The job table of a stage, and what must hold of it: no two processes of a role that may not run twice, each job once.

import { copyFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const program = resolve(import.meta.dirname, 'jobs.mjs');

export interface JobTable {
  readonly file: string;
  /** What is wrong, one sentence each. */
  faults(): readonly string[];
  readonly counts: () => { readonly jobs: number; readonly done: number; readonly eras: number };
  /** Versions of the processes that ever ran the role, in the order of their begin. */
  erasOf(role: string): readonly string[];
  close(): void;
}

/** Puts the program into every release of the stage; before any of them is registered. */
export function layJobs(folder: string): JobTable {
  const releases = join(folder, 'releases', 'shop');
  for (const version of readdirSync(releases)) copyFileSync(program, join(releases, version, 'jobs.mjs'));
  const file = join(folder, 'jobs.sqlite');
  const db = new DatabaseSync(file, { timeout: 30_000 });
  db.exec(`pragma journal_mode = wal; pragma synchronous = off;
    create table beats (era text, role text, version text, pid integer, at integer);
    create index eras on beats (era, at);
    create table jobs (id text primary key, claimed text, claims integer not null default 0);
    create table done (job text, era text);
    create index done_jobs on done (job);`);
  return {
    file,
    faults: () => [...overlaps(db), ...jobFaults(db)],
    counts: () => ({ jobs: one(db, 'jobs'), done: one(db, 'done'), eras: one(db, '(select distinct era from beats)') }),
    erasOf: (role) => spans(db, role).map(({ version }) => version),
    close: () => db.close(),
  };
}

const one = (db: DatabaseSync, what: string): number =>
  Number((db.prepare(`select count(*) as n from ${what}`).get() as { n: number }).n);

interface Span {
  readonly era: string;
  readonly version: string;
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

function spans(db: DatabaseSync, role: string): readonly Span[] {
  const rows = db
    .prepare(
      'select era, version, pid, min(at) as "from", max(at) as "to" from beats where role = ? group by era, version, pid order by 4',
    )
    .all(role);
  return rows as unknown as readonly Span[];
}

/** Two eras of the scheduler at one moment. */
function overlaps(db: DatabaseSync): readonly string[] {
  const all = spans(db, 'scheduler');
  return all.flatMap((span, at) =>
    all
      .slice(at + 1)
      .filter((later) => later.from <= span.to)
      .map(
        (later) =>
          `two schedulers for ${(Math.min(span.to, later.to) - later.from) / 1000} ms: ${span.version} (pid ${span.pid}) and ${later.version} (pid ${later.pid})`,
      ),
  );
}

function jobFaults(db: DatabaseSync): readonly string[] {
  const twice = db.prepare('select job, count(*) as n from done group by job having n > 1').all();
  const open = 'claimed is not null and not exists (select 1 from done where job = jobs.id)';
  const lost = db.prepare(`select id, claims from jobs where claims > 1 or (${open})`).all();
  return [
    ...twice.map((row) => `done twice: ${JSON.stringify(row)}`),
    ...lost.map((row) => `claimed, and not done once: ${JSON.stringify(row)}`),
  ];
}
