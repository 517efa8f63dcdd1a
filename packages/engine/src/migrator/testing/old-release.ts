// An old release on PostgreSQL: writes during a migration, waits for locks a moment, and prints what it got.

import { Client, type QueryResult } from 'pg';

export type Outcome = string;

/** How long it waits for a lock before it counts as blocked. */
const patienceMs = 250;
export const heldUp = 'error 55P03';

export interface OldRelease {
  /** The result of each statement, the last one where a line contains several; all is rolled back. */
  send(statements: readonly string[]): Promise<readonly Outcome[]>;
  end(): Promise<void>;
}

export async function startOldRelease(url: string, role: string): Promise<OldRelease> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`SET lock_timeout = ${patienceMs}; SET ROLE ${role}`);
  return {
    send: async (statements) => {
      const outcomes: Outcome[] = [];
      for (const statement of statements) outcomes.push(await outcomeOf(client, statement));
      return outcomes;
    },
    end: () => client.end(),
  };
}

async function outcomeOf(client: Client, statement: string): Promise<Outcome> {
  await client.query('BEGIN');
  try {
    const answer: QueryResult | QueryResult[] = await client.query(statement);
    const { rows, rowCount } = [answer].flat().at(-1) ?? { rows: [], rowCount: 0 };
    return `${statement}: ${rowCount} ${JSON.stringify(rows)}`;
  } catch (error) {
    return `error ${(error as { code?: string }).code}`;
  } finally {
    await client.query('ROLLBACK');
  }
}
