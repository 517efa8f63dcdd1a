// One scratch database, from its first statement to its end.

import { messageOf } from '../../../lib/errors.ts';
import type { Prepared } from '../../evidence/prepared.ts';
import { rehearse } from '../../evidence/rehearsal/rehearse.ts';
import { type Applied, applyAll, ledgerRefused, type ScratchCopy, type Trace } from '../../evidence/scratch.ts';
import type { SqlFile } from '../../files/migration.ts';
import { errorNumber } from '../errors.ts';
import { type LedgerTables, tryTables } from '../ledger.ts';
import { type MariadbStatement, parseMariadb, withBounds } from '../parse.ts';
import type { Session } from '../session.ts';
import { kindOf } from '../statement-kind.ts';
import { runAsking } from './ask.ts';
import { readShape } from './shape.ts';
import { readSource, type Source } from './source.ts';
import { trialSession } from './trial-session.ts';

export interface CopyOptions {
  readonly database: string;
  readonly ledger: LedgerTables;
  readonly source: Source;
  readonly signal: AbortSignal;
  /** Of this server: a session on a new database with this schema, and its end. */
  readonly make: (
    source: Source,
    database?: string,
  ) => Promise<{ readonly database: string; readonly session: Session }>;
  readonly drop: (database: string) => Promise<void>;
  readonly addressOf: (database: string) => string;
}

export async function openCopy(options: CopyOptions): Promise<ScratchCopy> {
  const { database, ledger, source, signal, make, drop, addressOf } = options;
  let { session } = await make(source, database);
  return {
    made: "production's schema, copied without rows",
    notChecked: [
      "rights of the application's role: the copy is used by the scratch server's own",
      ...source.hidden.map((object) => `the ${object}: the role may not see its text`),
    ],
    async apply(file) {
      signal.throwIfAborted();
      const before = await readSource(session, database, []);
      const applied = await applyFile(session, file, { ledger, signal });
      if (applied.ok) return applied;
      // The server cannot undo a change of a schema: the copy is made again.
      await session.close();
      await drop(database);
      session = (await make(before, database)).session;
      return applied;
    },
    shape: () => readShape(session),
    async prepare(statements) {
      const all: Prepared[] = [];
      for (const statement of statements) {
        signal.throwIfAborted();
        all.push(await prepareOn(session, statement));
      }
      return all;
    },
    ledgerTables: [ledger.ledger, ledger.catalog],
    async rehearse({ files, ...plan }) {
      const other = await make(await readSource(session, database, []));
      try {
        const trial = await trialSession(other.session, signal);
        return await rehearse(trial, plan, () =>
          applyAll(files, (file) => applyFile(other.session, file, { ledger, signal })),
        );
      } finally {
        await other.session.close();
        await drop(other.database);
      }
    },
    async lend(work) {
      const lent = await make(await readSource(session, database, []));
      try {
        return await work(addressOf(lent.database));
      } finally {
        await lent.session.close();
        await drop(lent.database);
      }
    },
    async drop() {
      await session.close();
      await drop(database);
    },
  };
}

async function applyFile(
  session: Session,
  file: SqlFile,
  { ledger, signal }: Pick<CopyOptions, 'ledger' | 'signal'>,
): Promise<Applied> {
  const found = parseMariadb(file.text);
  if (!found.ok) return { ok: false, line: found.problem.line, sentence: found.problem.problem };
  const traces: Trace[] = [];
  for (const statement of found.statements) {
    signal.throwIfAborted();
    try {
      const trace = await applyStatement(session, statement, file.stage === 'backfill');
      if (trace) traces.push(trace);
    } catch (thrown) {
      return { ok: false, line: statement.line, sentence: messageOf(thrown) };
    }
  }
  try {
    await tryTables(session, ledger);
  } catch (thrown) {
    return { ok: false, line: found.statements.at(-1)?.line ?? 1, sentence: ledgerRefused(messageOf(thrown)) };
  }
  return { ok: true, traces };
}

/** On a copy nothing else of its server may be touched; and there are no rows to fill. */
async function applyStatement(
  session: Session,
  statement: MariadbStatement,
  fitsOnly: boolean,
): Promise<Trace | undefined> {
  if (reachesOut(statement)) return undefined;
  if (!fitsOnly) return await runAsking(session, statement);
  const prepared = await prepareOn(session, withBounds(statement, { from: 'NULL', to: 'NULL' }));
  if (prepared.kind === 'refused') throw new Error(prepared.sentence);
  return undefined;
}

function reachesOut(statement: MariadbStatement): boolean {
  const isServers =
    /^(?:GRANT|REVOKE|FLUSH|(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:USER|ROLE|DATABASE|SCHEMA|SERVER|TABLESPACE)|SET\s+(?:GLOBAL|PERSIST))\b/i;
  return isServers.test(statement.text) || kindOf(statement) === 'control';
}

const notPreparable = 1295;

async function prepareOn({ ask }: Session, statement: string): Promise<Prepared> {
  const parsed = parseMariadb(statement);
  if (!parsed.ok) return { kind: 'refused', sentence: parsed.problem.problem };
  const [only, ...more] = parsed.statements;
  if (!only || more.length > 0 || kindOf(only) !== 'data') return { kind: 'skipped' };
  try {
    await ask('PREPARE bluegreen FROM ?', [only.text]);
    await ask('DEALLOCATE PREPARE bluegreen');
    return { kind: 'fits' };
  } catch (thrown) {
    if (errorNumber(thrown) === notPreparable) return { kind: 'skipped' };
    return { kind: 'refused', sentence: messageOf(thrown) };
  }
}
