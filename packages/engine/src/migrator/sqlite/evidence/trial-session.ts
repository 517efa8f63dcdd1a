// Statements tried on a copy with rows, in a separate process: one that does not end is ended.

import { messageOf } from '../../../lib/errors.ts';
import type { Refusal, TrialSession } from '../../evidence/rehearsal/rehearse.ts';
import type { SchemaShape } from '../../evidence/shape.ts';
import type { Connection } from '../connection.ts';
import { SqliteError } from '../failure.ts';
import { quoteName } from '../ledger.ts';

const timeoutMs = 3_000;

export function trialSession(
  connection: Connection,
  { shape, signal }: { readonly shape: () => SchemaShape; readonly signal: AbortSignal },
): TrialSession {
  const run = (sql: string) => connection.exec(sql, { timeoutMs, signal });
  return {
    quote: quoteName,
    shape: async () => shape(),
    async first(table) {
      const [row] = await connection.rows(`SELECT * FROM ${quoteName(table)} LIMIT 1`);
      const known = Object.entries(row ?? {}).filter(([, value]) => value !== null);
      return row && Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
    },
    keep: async (sql) => void (await run(sql)),
    async attempt(statements) {
      let done = 0;
      let thrown: unknown;
      try {
        await run('BEGIN');
        for (const statement of statements) {
          await run(statement);
          done += 1;
        }
      } catch (refused) {
        signal.throwIfAborted();
        thrown = refused;
      }
      // Gone already where the process was ended, or the statement ended the transaction.
      await run('ROLLBACK').catch(() => undefined);
      return { done, refusal: thrown === undefined ? undefined : refusalOf(thrown) };
    },
    types: async () => [],
  };
}

const kinds: Readonly<Record<string, Refusal['kind']>> = {
  SQLITE_CONSTRAINT_UNIQUE: 'unique',
  SQLITE_CONSTRAINT_PRIMARYKEY: 'unique',
  SQLITE_CONSTRAINT_FOREIGNKEY: 'foreign key',
  SQLITE_CONSTRAINT_CHECK: 'check',
  TIMEOUT: 'server',
  SQLITE_BUSY: 'server',
  SQLITE_FULL: 'server',
  SQLITE_NOMEM: 'server',
};

function refusalOf(thrown: unknown): Refusal {
  const kind = (thrown instanceof SqliteError ? kinds[thrown.code] : undefined) ?? 'other';
  const sentence = messageOf(thrown);
  const [, named] = /^UNIQUE constraint failed: (.+)$/.exec(sentence) ?? [];
  const [, rule] = /^CHECK constraint failed: (.+)$/.exec(sentence) ?? [];
  return { kind, sentence, rule, columns: named?.split(', ').map((name) => name.slice(name.lastIndexOf('.') + 1)) };
}
