// One scratch database, from its first session to its end.

import type { ClientBase } from 'pg';
import { messageOf } from '../../../lib/errors.ts';
import type { Dialect, Statement } from '../../dialect.ts';
import type { Applied, Prepared, ScratchCopy, Trace } from '../../evidence/scratch.ts';
import type { SqlFile } from '../../files/migration.ts';
import { prepareOn } from './prepare.ts';
import type { ScratchRoles } from './roles.ts';
import { openSession, quoted, sessionError } from './session.ts';
import { readShape } from './shape.ts';
import { tableStates, tracesBetween } from './trace.ts';

export interface CopyOptions {
  readonly made: string;
  readonly notChecked: readonly string[];
  readonly database: string;
  readonly scratchUrl: string;
  readonly roles: ScratchRoles;
  readonly split: Dialect['split'];
  readonly signal: AbortSignal;
  /** Of this server: makes another one from this one, and deletes. */
  readonly clone: (database: string) => Promise<string>;
  readonly drop: (database: string) => Promise<void>;
  /** The address of a database for an application, in its own role. */
  readonly addressOf: (database: string) => string;
}

const what = 'the scratch copy';

export async function openCopy(options: CopyOptions): Promise<ScratchCopy> {
  const { database, scratchUrl, roles, signal } = options;
  const open = async () => {
    signal.throwIfAborted();
    const client = await openSession({ url: scratchUrl, database, what });
    // A scan is to mean that there is no other way, not that the table is small.
    await client.query('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan');
    // A statement that still runs fails with its connection, and ends with the database.
    signal.addEventListener('abort', () => void client.end().catch(() => {}), { once: true });
    return client;
  };
  const known = <T>(work: Promise<T>) => work.catch((thrown) => Promise.reject(sessionError(thrown, what)));
  let client = await open();
  return {
    made: options.made,
    notChecked: options.notChecked,
    apply: (file) => {
      signal.throwIfAborted();
      return known(as(client, roles.migrator, () => applyFile(client, file, options.split)));
    },
    shape: () => known(readShape(client)),
    prepare: (statements) => known(as(client, roles.application, () => prepareAll(client, statements, signal))),
    async lend(work) {
      // A database in use is nobody's template.
      await client.end();
      const lent = await options.clone(database);
      try {
        return await work(options.addressOf(lent));
      } finally {
        await options.drop(lent);
        client = await open();
      }
    },
    async drop() {
      await client.end().catch(() => {});
      await options.drop(database);
    },
  };
}

async function prepareAll(
  client: ClientBase,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<readonly Prepared[]> {
  const all: Prepared[] = [];
  for (const statement of statements) {
    signal.throwIfAborted();
    all.push(await prepareOn(client, statement));
  }
  return all;
}

async function as<T>(client: ClientBase, role: string | undefined, work: () => Promise<T>): Promise<T> {
  if (role === undefined) return work();
  await client.query(`SET ROLE ${quoted(role)}`);
  try {
    return await work();
  } finally {
    await client.query('RESET ROLE').catch(() => {});
  }
}

async function applyFile(client: ClientBase, file: SqlFile, split: Dialect['split']): Promise<Applied> {
  const found = split(file.text);
  if (!found.ok) return { ok: false, line: found.problem.line, sentence: found.problem.problem };
  if (file.stage === 'backfill') return fitsOnly(client, found.statements);
  // What builds concurrently waits for nobody's writes; it runs by itself, and there is no row to wait for.
  if (!file.transaction) return runEach(found.statements, async (text) => void (await client.query(text)));
  await client.query('BEGIN');
  const applied = await runTraced(client, found.statements);
  await client.query(applied.ok ? 'COMMIT' : 'ROLLBACK');
  return applied;
}

/** There are no rows to fill: that the statement fits is all there is to learn. */
async function fitsOnly(client: ClientBase, statements: readonly Statement[]): Promise<Applied> {
  return runEach(statements, async (text) => {
    const prepared = await prepareOn(
      client,
      text.replace(/(?<![:\w]):from\b/g, '$1').replace(/(?<![:\w]):to\b/g, '$2'),
    );
    if (prepared.kind === 'refused') throw new Error(prepared.sentence);
  });
}

async function runEach(statements: readonly Statement[], work: (text: string) => Promise<void>): Promise<Applied> {
  for (const { text, line } of statements) {
    try {
      await work(text);
    } catch (thrown) {
      return { ok: false, line, sentence: messageOf(thrown) };
    }
  }
  return { ok: true, traces: [] };
}

async function runTraced(client: ClientBase, statements: readonly Statement[]): Promise<Applied> {
  const traces: Trace[] = [];
  let before = await tableStates(client);
  for (const { text, line } of statements) {
    try {
      await client.query(text);
    } catch (thrown) {
      return { ok: false, line, sentence: messageOf(thrown) };
    }
    const after = await tableStates(client);
    traces.push(...tracesBetween(line, before, after));
    before = after;
  }
  return { ok: true, traces };
}
