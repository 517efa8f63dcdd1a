// A file that a tool runs instead of the server. The start is written down first, with the state of the table; the
// result is read from the database and not from the tool, also after a kill of this process.

import { homedir, hostname } from 'node:os';
import { pause } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { isGone, ownMark, startTicksOf } from '../../../lib/process-mark.ts';
import { runWatched, type WatchedEnd } from '../../../lib/run-watched.ts';
import { maskIn } from '../../address.ts';
import type { OnlineRun } from '../../database.ts';
import { MigrationError } from '../../error.ts';
import { filledArgv } from '../../online-tool.ts';
import type { Address } from '../address.ts';
import { readCatalog } from '../catalog.ts';
import { isLost } from '../errors.ts';
import { type Begun, leaveRow, markBegun, readProgress } from '../ledger.ts';
import type { MariadbStatement } from '../parse.ts';
import { begin, pastOf } from '../probe.ts';
import { statementsOf, type TestEngine, waitBriefly } from '../run.ts';
import type { BegunTool } from './begun.ts';
import { readOnlineChange } from './change.ts';
import { type Cleaned, cleanUp } from './clean.ts';
import { secretsOf, withDefaultsFile } from './credentials.ts';
import { type Before, lookAt } from './remains.ts';

interface Job extends OnlineRun {
  readonly testEngine: TestEngine;
  readonly address: Address;
  readonly statement: MariadbStatement;
  readonly table: string;
  readonly alter: string;
}

const programs = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const graceMs = 20_000;
const sayEveryMs = 5_000;
const noteEveryMs = 30_000;
const tailLines = 8;
const lastBreathMs = 30_000;
const pollMs = 200;

/** @throws MigrationError `failed` (what the tool said, and what became of its remains), `blocked`, `stopped`, `unreachable` */
export async function runOnline(testEngine: TestEngine, address: Address, run: OnlineRun): Promise<void> {
  const { session, tables, clock } = testEngine;
  const job = jobOf(testEngine, address, run);
  await waitBriefly(session, run.limits);
  const { begun, statementsDone } = await readProgress(session, tables, run.id);
  const isDone = statementsDone > 0 || (begun !== undefined && (await settleLast(job, begun)));
  if (!isDone) await makeChange(job);
  await leaveRow({ session, tables }, run.id, run.outcome, clock.now());
}

function jobOf(testEngine: TestEngine, address: Address, run: OnlineRun): Job {
  const { file } = run.file;
  const statements = statementsOf(run.file);
  const read = readOnlineChange(statements);
  if (!read.ok) throw new MigrationError('failed', `${file}:${read.line}: ${read.problem}`);
  return { ...run, testEngine, address, statement: statements[0] as MariadbStatement, ...read.change };
}

/** @returns whether the change of the run before has happened */
async function settleLast(job: Job, { tool, ...begun }: Begun): Promise<boolean> {
  const { testEngine, id } = job;
  if (tool === undefined) {
    // The server ran it, before the file named a tool.
    const catalog = await readCatalog(testEngine.session, testEngine.tables);
    return pastOf(job.statement, begun, catalog) === 'happened';
  }
  await refuseWhileAtWork(job, tool);
  const cleaned = await cleanUp({ ...testEngine, table: job.table, before: tool.before });
  if (cleaned.kind === 'undone') {
    job.say(`the run before was cut off; the change begins again${removedText(cleaned)}`);
    await markBegun(testEngine.session, testEngine.tables, id, undefined);
    return false;
  }
  job.say(`the run before was cut off after its tables were swapped${removedText(cleaned)}`);
  warnOfLeft(job, cleaned);
  return true;
}

/** The kernel signaled the tool to end when its engine was killed; its current work takes a moment to end. */
async function refuseWhileAtWork(
  { table, testEngine: { clock }, signal }: Job,
  { name, process: at }: BegunTool,
): Promise<void> {
  const end = clock.monotonic() + lastBreathMs;
  while (at !== undefined && clock.monotonic() < end && isHereStill(at) && (await pause(clock, pollMs, signal)));
  if (at === undefined || isGone(at.mark)) return;
  const isHere = at.host === hostname();
  // After a restart of the machine nothing of it runs.
  if (isHere && at.mark.bootId !== ownMark().bootId) return;
  throw new MigrationError(
    'blocked',
    isHere
      ? `${name} of the run before is still at work on ${table} (process ${at.mark.pid})`
      : `${name} of the run before ran on ${at.host}, and whether it has ended cannot be seen from here`,
    {
      hint: isHere
        ? `Wait for it, or end process ${at.mark.pid}; then run again.`
        : `Run again on ${at.host}. Where that machine is gone: drop the triggers pt_osc_… of ${table} and the table _${table}_new or _${table}_gho, then \`bg migrate repair --mark-pending\`.`,
    },
  );
}

const isHereStill = ({ mark }: NonNullable<BegunTool['process']>): boolean =>
  mark.bootId === ownMark().bootId && !isGone(mark);

async function makeChange(job: Job): Promise<void> {
  const { testEngine, id, table, tool, statement } = job;
  const { session, tables } = testEngine;
  const before = await lookAt(session, table);
  refuseForeign(table, before);
  const begun = begin(statement, 0, await readCatalog(session, tables));
  let noted: BegunTool = { name: tool.name, before };
  const note = async (more: Partial<BegunTool>) => {
    noted = { ...noted, ...more };
    await markBegun(session, tables, id, { ...begun, tool: noted });
  };
  await note({});
  const began = performance.now();
  const { end, tail } = await withKeptSession(job, (signal) => runTool(job, signal, note));
  if (!session.isAlive()) throw lost(tool.name);
  const cleaned = await cleanUp({ ...testEngine, table, before });
  if (cleaned.kind === 'undone') {
    await markBegun(session, tables, id, undefined);
    throw problemOf(job, end, `${tail}${removedText(cleaned)}`);
  }
  warnOfLeft(job, cleaned);
  const { file } = job.file;
  const tookMs = Math.round(performance.now() - began);
  testEngine.see?.({ file, line: statement.line, text: statement.text, tookMs, rows: undefined, locks: undefined });
}

/** What another run, or a person, left: a tool would stumble over it, or fill the wrong table. */
function refuseForeign(table: string, { look, tables, triggers }: Before): void {
  if (look === undefined) throw new MigrationError('failed', `there is no table ${table}`);
  const left = [...triggers.map((name) => `trigger ${name}`), ...tables.map((name) => `table ${name}`)];
  if (left.length === 0) return;
  throw new MigrationError('blocked', `next to ${table} there is ${left.join(', ')}, of another run of such a tool`, {
    hint: 'Make sure that none is at work. Then drop the triggers first, the tables afterwards, and run again.',
  });
}

async function runTool(
  { tool, address, table, alter, say, testEngine: { clock } }: Job,
  signal: AbortSignal,
  note: (more: Partial<BegunTool>) => Promise<void>,
): Promise<{ readonly end: WatchedEnd; readonly tail: string }> {
  const secrets = secretsOf(address);
  const last: string[] = [];
  const at = { said: Number.NEGATIVE_INFINITY, noted: clock.monotonic() };
  const noting: Promise<void>[] = [];
  const onLine = (raw: string) => {
    const line = maskIn(raw, secrets);
    last.push(line);
    if (last.length > tailLines) last.shift();
    const now = clock.monotonic();
    if (now - at.said >= sayEveryMs) {
      at.said = now;
      say(line);
    }
    if (now - at.noted < noteEveryMs) return;
    at.noted = now;
    noting.push(note({ line }).catch(() => undefined)); // the keeper of the connection sees its loss
  };
  const end = await withDefaultsFile(address, (defaults) =>
    runWatched({
      argv: filledArgv(tool, valuesOf(address, { table, alter, defaults })),
      env: { PATH: programs, HOME: homedir(), LC_ALL: 'C.UTF-8' },
      timeoutMs: tool.timeoutMs,
      signal,
      graceMs,
      onLine,
      onStart: async (pid) => {
        const mark = { ...ownMark(), pid, startTicks: startTicksOf(pid) ?? 0 };
        await note({ process: { host: hostname(), mark } });
      },
    }),
  ).catch((thrown: unknown) => {
    throw new MigrationError('failed', `${tool.name}: ${messageOf(thrown)}`, { cause: thrown });
  });
  await Promise.all(noting);
  return { end, tail: last.join('\n') };
}

const valuesOf = (
  { host, port, socket, user, database }: Address,
  more: { readonly table: string; readonly alter: string; readonly defaults: string },
) => ({ host, port: String(port), socket: socket ?? '', user, database, ...more });

const keepAliveMs = 30_000;

/** The session holds the migrators' lock: a query now and then keeps it open; if it is lost, the tool is ended. */
async function withKeptSession<T>(
  { testEngine: { session, clock }, signal }: Job,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [over, gone] = [new AbortController(), new AbortController()];
  const retention = (async () => {
    while (await pause(clock, keepAliveMs, over.signal)) {
      try {
        await session.ask('DO 1');
      } catch (thrown) {
        if (isLost(thrown)) return gone.abort();
      }
    }
  })();
  try {
    return await work(AbortSignal.any([signal, gone.signal]));
  } finally {
    over.abort();
    await retention;
  }
}

function problemOf({ tool, table, signal }: Job, end: WatchedEnd, said: string): MigrationError {
  const { name, timeoutMs } = tool;
  if (signal.aborted || end.kind === 'stopped')
    return new MigrationError('stopped', `${name} was stopped; ${table} is as it was. ${said}`);
  const why =
    end.kind === 'timed-out'
      ? `ran longer than ${timeoutMs / 1_000} s and was ended`
      : end.code === 0
        ? 'ended well, and yet the table is as it was: does it only try?'
        : `ended with ${end.code ?? end.signal}`;
  return new MigrationError('failed', `${name} ${why}; ${table} is as it was. It said: ${said}`, {
    hint: 'Remove the cause, then `bg migrate repair --mark-pending`, and run again: it begins from the start.',
  });
}

const lost = (name: string) =>
  new MigrationError('unreachable', `the connection to the database was lost, and ${name} was ended`, {
    hint: 'The next run looks at what is left of it, cleans up and begins again, or goes on after the swap.',
  });

const removedText = ({ removed }: Cleaned): string => (removed.length === 0 ? '' : ` (removed: ${removed.join(', ')})`);

function warnOfLeft({ say }: Job, cleaned: Cleaned): void {
  if (cleaned.kind === 'swapped' && cleaned.left.length > 0)
    say(
      `the table as it was is left: DROP TABLE ${cleaned.left.map((name) => `\`${name}\``).join(', ')} when nothing needs it`,
    );
}
