// A session on a copy with rows, in which statements are tried.

import { messageOf } from '../../../lib/errors.ts';
import { MigrationError } from '../../error.ts';
import type { Refusal, TrialSession } from '../../evidence/rehearsal/rehearse.ts';
import { errorNumber } from '../errors.ts';
import type { Row, Session } from '../session.ts';
import { readShape } from './shape.ts';

const limitMs = 3_000;
const lockWaitS = 2;

export async function trialSession(session: Session, signal: AbortSignal): Promise<TrialSession> {
  const { ask, execute } = session;
  await ask(`SET SESSION lock_wait_timeout = ${lockWaitS}, innodb_lock_wait_timeout = ${lockWaitS}`);
  return {
    quote: (name) => `\`${name.replaceAll('`', '``')}\``,
    shape: () => readShape(session),
    async first(table) {
      const [row] = await ask(`SELECT * FROM \`${table.replaceAll('`', '``')}\` LIMIT 1`);
      return row && asTexts(row);
    },
    keep: async (sql) => void (await execute(sql, { limitMs, signal })),
    async attempt(statements) {
      let done = 0;
      let thrown: unknown;
      await ask('START TRANSACTION');
      try {
        for (const statement of statements) {
          await execute(statement, { limitMs, signal });
          done += 1;
        }
      } catch (refused) {
        signal.throwIfAborted();
        thrown = refused;
      }
      await ask('ROLLBACK');
      return { done, refusal: thrown === undefined ? undefined : await refusalOf(session, thrown) };
    },
    // The server takes any value for a placeholder.
    types: async () => [],
  };
}

const asTexts = (row: Row): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] as const])),
  );

const kinds: Readonly<Record<number, Refusal['kind']>> = {
  1062: 'unique',
  1216: 'foreign key',
  1217: 'foreign key',
  1451: 'foreign key',
  1452: 'foreign key',
  3819: 'check',
  4025: 'check',
  1021: 'server',
  1030: 'server',
  1114: 'server',
  1205: 'server',
  1213: 'server',
  1317: 'server',
};

async function refusalOf({ ask }: Session, thrown: unknown): Promise<Refusal> {
  const kind = thrown instanceof MigrationError ? 'server' : (kinds[errorNumber(thrown)] ?? 'other');
  const sentence = messageOf(thrown);
  const key = kind === 'unique' ? /for key '(?:.*\.)?([^'.]+)'/.exec(sentence)?.[1] : undefined;
  if (key === undefined)
    return { kind, sentence, rule: /CONSTRAINT `((?:[^`.]*\.)?)([^`]+)` failed/.exec(sentence)?.[2] };
  const rows = await ask(
    'SELECT DISTINCT COLUMN_NAME AS name FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = ?',
    [key],
  );
  // The key of every table has the same name: which of them it was is not told.
  return { kind, sentence, columns: key === 'PRIMARY' ? undefined : rows.map(({ name }) => String(name)) };
}
