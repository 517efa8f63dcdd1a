// The best judge of a change is the server: it is asked to make it without copying and without making writers wait, and
// says why where it cannot. On a scratch copy, where the first form that the server accepts also makes the change.

import { messageOf } from '../../../lib/errors.ts';
import type { Trace } from '../../evidence/scratch.ts';
import { errorNumber } from '../errors.ts';
import { isWord, type MariadbStatement } from '../parse.ts';
import { after, begins, outside, readName } from '../rules/tokens-of.ts';
import type { Session } from '../session.ts';

interface Form {
  readonly algorithm: 'INSTANT' | 'NOCOPY' | 'INPLACE' | 'COPY';
  readonly lock: 'NONE' | 'SHARED';
  /** Written behind the statement. */
  readonly clauses: readonly string[];
}

/** From what no session notices to what all sessions wait for. */
const forms: readonly Form[] = [
  { algorithm: 'INSTANT', lock: 'NONE', clauses: ['ALGORITHM=INSTANT'] },
  { algorithm: 'NOCOPY', lock: 'NONE', clauses: ['ALGORITHM=NOCOPY', 'LOCK=NONE'] },
  { algorithm: 'INPLACE', lock: 'NONE', clauses: ['ALGORITHM=INPLACE', 'LOCK=NONE'] },
  { algorithm: 'INPLACE', lock: 'SHARED', clauses: ['ALGORITHM=INPLACE', 'LOCK=SHARED'] },
  { algorithm: 'COPY', lock: 'SHARED', clauses: [] },
];

/** Unknown algorithm (MySQL has no NOCOPY), not supported, not supported for a reason. */
const refusals = [1800, 1845, 1846];

/** Runs it. @returns what it did to a table; undefined where it alters none, or says itself how. @throws the server's error */
export async function runAsking({ ask }: Session, statement: MariadbStatement): Promise<Trace | undefined> {
  const altered = alteredTable(statement);
  if (altered === undefined || choosesItself(statement)) {
    await ask(statement.text);
    return undefined;
  }
  let refusal = '';
  for (const form of forms) {
    try {
      await ask([statement.text, ...form.clauses].join(altered.separator));
      return traceOf(statement, altered.table, form, refusal);
    } catch (thrown) {
      if (!refusals.includes(errorNumber(thrown)) || form.clauses.length === 0) throw thrown;
      // A person wants to read the reason why the change cannot run without any waiting.
      if (form.lock === 'NONE') refusal = messageOf(thrown);
    }
  }
  throw new Error('the last form has no clause that could be refused');
}

function traceOf({ line }: MariadbStatement, table: string, { algorithm, lock }: Form, refusal: string): Trace {
  const blocksWrites = lock !== 'NONE';
  return {
    line,
    table,
    lock: `ALGORITHM=${algorithm}, LOCK=${lock}${blocksWrites ? ` (${refusal})` : ''}`,
    blocksWrites,
    rewritten: algorithm === 'COPY',
    scanned: algorithm !== 'INSTANT',
  };
}

interface Altered {
  readonly table: string;
  /** Between the statement and its clauses. */
  readonly separator: string;
}

function alteredTable({ tokens }: MariadbStatement): Altered | undefined {
  const rest = after(tokens, 'ALTER', 'ONLINE', 'IGNORE');
  if (begins(tokens, 'ALTER') && begins(rest, 'TABLE'))
    return { table: readName(after(rest, 'TABLE', 'IF', 'EXISTS')).name, separator: ', ' };
  const at = tokens.findIndex((token) => isWord(token, 'INDEX'));
  const on = tokens.findIndex((token, index) => index > at && isWord(token, 'ON'));
  const isIndex = isWord(tokens[0], 'CREATE', 'DROP') && at > 0 && at < 5 && on > 0;
  return isIndex ? { table: readName(tokens.slice(on + 1)).name, separator: ' ' } : undefined;
}

/** A statement with its own ALGORITHM or LOCK is refused by the server where that is not possible: it is safe as it is. */
const choosesItself = ({ tokens }: MariadbStatement): boolean =>
  outside(tokens).some((token) => isWord(token, 'ALGORITHM', 'LOCK', 'PARTITION'));
