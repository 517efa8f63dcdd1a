// A session on a copy with rows, in which statements are tried as the application's own role.

import { DatabaseError } from 'pg';
import { messageOf } from '../../../lib/errors.ts';
import type { Refusal, TrialSession } from '../../evidence/rehearsal/rehearse.ts';
import { stateOf } from '../errors.ts';
import { parsePostgres } from '../parse.ts';
import type { Session } from '../session.ts';
import { type SearchPath, usePath } from './path.ts';
import { as, quoted } from './session.ts';
import { readShape } from './shape.ts';

const limits = "SET LOCAL statement_timeout = '3s'; SET LOCAL lock_timeout = '2s'";

export interface TrialOptions {
  readonly path: SearchPath;
  readonly application: string | undefined;
  readonly signal: AbortSignal;
}

export function trialSession(session: Session, { path, application, signal }: TrialOptions): TrialSession {
  const asApplication = async <T>(work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    await usePath(session, path);
    return as(session, application, work);
  };
  return {
    quote: quoted,
    shape: () => readShape(session, path.first),
    first: async (table) => {
      await usePath(session, path);
      const name = table.split('.').map(quoted).join('.');
      const found = await session.ask(
        `SELECT e.key, e.value FROM (SELECT * FROM ${name} LIMIT 1) AS one, jsonb_each_text(to_jsonb(one)) AS e`,
      );
      const known = found.filter(({ value }) => value !== null).map(({ key, value }) => [String(key), String(value)]);
      return known.length === 0 ? undefined : Object.fromEntries(known);
    },
    // Without the limits of the role: the trial needs rows.
    keep: async (sql) => {
      signal.throwIfAborted();
      await session.execute(sql);
    },
    attempt: async (statements) => {
      let done = 0;
      let thrown: unknown;
      await asApplication(async () => {
        await session.execute(`BEGIN; ${limits}`);
        try {
          for (const statement of statements) {
            await session.execute(statement);
            // What is checked at the end of a transaction is checked here.
            await session.execute('SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED');
            done += 1;
          }
        } catch (refused) {
          thrown = refused;
        }
        await session.execute('ROLLBACK');
      });
      return { done, refusal: thrown === undefined ? undefined : await refusalOf(session, thrown) };
    },
    types: (statement) => asApplication(() => typesOf(session, statement)),
  };
}

async function typesOf(session: Session, statement: string): Promise<readonly string[]> {
  const parsed = parsePostgres(statement);
  const [only] = parsed.ok ? parsed.statements : [];
  if (only === undefined) return [];
  try {
    await session.execute(`PREPARE bg_trial AS ${only.text}`);
  } catch {
    return [];
  }
  const [row] = await session.ask(
    "SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = 'bg_trial'",
  );
  await session.execute('DEALLOCATE bg_trial');
  return (row?.types as readonly string[] | null | undefined) ?? [];
}

const kinds: Readonly<Record<string, Refusal['kind']>> = {
  23505: 'unique',
  23503: 'foreign key',
  23514: 'check',
};

/** Disk space, locks, limits, internal errors. */
const ofServer = /^(40|53|55|57|58|XX)/;

async function refusalOf(session: Session, thrown: unknown): Promise<Refusal> {
  const state = stateOf(thrown);
  const kind = ofServer.test(state) ? 'server' : (kinds[state] ?? 'other');
  const columns = kind === 'other' || kind === 'server' ? undefined : await columnsOf(session, thrown);
  return { kind, sentence: messageOf(thrown), columns };
}

/** Of the constraint, or of the unique index, that refused. */
async function columnsOf(session: Session, thrown: unknown): Promise<readonly string[] | undefined> {
  const { constraint, schema, table } = thrown instanceof DatabaseError ? thrown : {};
  if (constraint === undefined || table === undefined) return undefined;
  const [row] = await session.ask(
    `SELECT coalesce(
       (SELECT array_agg(a.attname::text) FROM pg_constraint o JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = ANY(o.conkey)
        WHERE o.conname = $1 AND o.conrelid = c.oid),
       (SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) WHERE x.relname = $1 AND i.indrelid = c.oid)) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $2 AND c.relname = $3`,
    [constraint, schema, table],
  );
  return (row?.columns as readonly string[] | null | undefined) ?? undefined;
}
