// What a file sets for its session must not reach the next file in the same session, which holds the migrators' lock.

import { isWord, type MariadbStatement } from './parse.ts';
import type { Row, Session } from './session.ts';

export async function keepingVariables<T>(
  session: Session,
  statements: readonly MariadbStatement[],
  work: () => Promise<T>,
): Promise<T> {
  if (!statements.some(({ tokens }) => isWord(tokens[0], 'SET'))) return await work();
  const before = await variablesOf(session);
  try {
    return await work();
  } finally {
    if (session.isAlive()) await putBack(session, before);
  }
}

async function putBack(session: Session, before: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, value] of await variablesOf(session)) {
    const old = before.get(name);
    // Some change by themselves and may not be set, such as the time.
    if (old !== undefined && old !== value)
      await session.ask(`SET SESSION ${name} = ${/^\d+$/.test(old) ? old : '?'}`, [old]).catch(() => undefined);
  }
}

async function variablesOf({ ask }: Session): Promise<ReadonlyMap<string, string>> {
  const rows: readonly Row[] = await ask('SHOW SESSION VARIABLES');
  return new Map(rows.map(({ Variable_name: name, Value: value }) => [String(name), String(value)]));
}
