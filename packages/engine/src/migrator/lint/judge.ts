// A release's migrations, statement by statement in the order in which they would run, against a table of rules.

import type { LintOptions, Statement } from '../dialect.ts';
import { codeOf } from '../files/code.ts';
import { filesOf, type Migration, type SqlFile } from '../files/migration.ts';
import { accepting } from './acceptance.ts';
import type { Finding } from './finding.ts';
import { onlineFindings, takesLocksOff } from './online.ts';
import type { Grammar, Hazard, Place, Rule, Scene, Whole } from './rule.ts';

export function judge<S extends Statement, H>(
  migrations: readonly Migration[],
  grammar: Grammar<S, H>,
  { pending, ledger = 'schema_migrations' }: LintOptions = {},
): readonly Finding[] {
  const history = grammar.history();
  const ledgerRule = ledgerRuleOf(ledger);
  const judgeAt = (place: Place, also: readonly Finding[] = []): readonly Finding[] =>
    accepting(place.file, [...also, ...findingsOf(place, grammar, history, ledgerRule)]);
  let last: Place | undefined;
  const judgeExpand = (migration: Migration, file: SqlFile): readonly Finding[] => {
    last = { file, isFresh: pending?.has(migration.id) === true, before: pending === undefined ? last : undefined };
    return judgeAt(last, missingRevert(migration, grammar));
  };
  const forward = migrations.flatMap((migration) =>
    filesOf(migration)
      .filter(({ stage }) => stage !== 'revert')
      .flatMap((file) => (file.stage === 'expand' ? judgeExpand(migration, file) : judgeAt({ file, isFresh: false }))),
  );
  // Reverts last and backwards: what they drop must not be missing from the history of a later migration.
  const backward = migrations
    .toReversed()
    .flatMap(({ revert }) => (revert === undefined ? [] : judgeAt({ file: revert, isFresh: false })));
  return [...forward, ...backward].toSorted(byPlace(migrations));
}

function findingsOf<S extends Statement, H>(
  place: Place,
  grammar: Grammar<S, H>,
  history: H,
  ledger: LedgerRule,
): readonly Finding[] {
  const { file } = place;
  const parsed = grammar.parse(file.text);
  if (!parsed.ok) return [unreadable(file, parsed.problem.line, parsed.problem.problem)];
  grammar.enter(history, place, parsed.statements);
  const scene: Scene<H> = { file, stage: file.stage, isSync: file.sync, history };
  const rules = grammar.rules.filter((rule) => !rule.allowedIn.includes(file.stage) && !takesLocksOff(file, rule));
  const found: Finding[] = [...onlineFindings(file, grammar.online?.(parsed.statements, history))];
  for (const statement of parsed.statements) {
    try {
      const check = (each: S) => rules.flatMap((rule) => rule.check(each, scene).map((hazard) => ({ rule, hazard })));
      const reported = check(statement);
      const whole =
        reported.length === 0
          ? undefined
          : grammar.whole?.(statement, scene, (each) => check(each).map(({ hazard }) => hazard));
      for (const { rule, hazard } of reported) found.push(finding(file, statement, rule, inWhole(hazard, whole)));
      if (ledger.isNamedIn(statement.text)) found.push(finding(file, statement, changingLedger, ledger.hazard));
      grammar.observe(history, statement);
    } catch (error) {
      found.push(finding(file, statement, unjudged, unjudgedHazard(error)));
    }
  }
  return found;
}

/** Advice is about the statement, not about one command of it. */
function inWhole(hazard: Hazard, whole: Whole | undefined): Hazard {
  if (whole === undefined || whole.kind === 'one-command' || hazard.severity === 'warning') return hazard;
  if (whole.kind === 'whole') return { ...hazard, safe: whole.safe };
  if (hazard.safe === undefined) return hazard;
  return {
    ...hazard,
    message: `${hazard.message}; no safe form: another command of the statement has none, so take them apart`,
    safe: undefined,
  };
}

type Recipients = Pick<Rule<Statement, unknown>, 'id' | 'classes' | 'allowedIn' | 'severity'>;

/** A tree that is too deep for a rule, or that the printer does not know: a person checks it, the rest is judged. */
const unjudged = { id: 'opaque-sql', classes: ['breaks-old', 'locks'], allowedIn: [], severity: 'review' } as const;

/** In a statement that does more than read. */
const changingLedger = { id: 'changing-ledger', classes: ['loses-data'], allowedIn: [] } as const;

interface LedgerRule {
  readonly hazard: Hazard;
  isNamedIn(text: string): boolean;
}

/** @param table as configured, with its schema or without */
function ledgerRuleOf(table: string): LedgerRule {
  const name = table.slice(table.lastIndexOf('.') + 1);
  const named = new RegExp(`(?<![\\w$])${name.replaceAll(/[^\w]/g, '\\$&')}(?:_catalog)?(?![\\w$])`, 'i');
  return {
    hazard: {
      message: `the table ${name} belongs to the engine, which writes there what was done: without it the migration fails in production, or runs twice`,
      safe: undefined,
    },
    isNamedIn(text) {
      const code = codeOf(text);
      return named.test(code) && !/^\s*(?:SELECT|CREATE\s+(?:OR\s+REPLACE\s+)?VIEW)\b/i.test(code);
    },
  };
}

const unjudgedHazard = (error: unknown): Hazard => ({
  message:
    error instanceof RangeError
      ? 'nested too deeply to be judged: a person must look'
      : `could not be judged (${error instanceof Error ? error.message : String(error)}): a person must look`,
  safe: undefined,
});

function finding(file: SqlFile, statement: Statement, rule: Recipients, hazard: Hazard): Finding {
  return {
    rule: rule.id,
    classes: rule.classes,
    severity: hazard.severity ?? rule.severity ?? 'error',
    file: file.file,
    line: statement.line,
    statement: statement.text,
    message: hazard.message,
    safe: hazard.safe,
    allowedIn: rule.allowedIn,
    accepted: undefined,
  };
}

function unreadable(file: SqlFile, line: number, problem: string): Finding {
  return {
    rule: problem.startsWith('a NUL byte') ? 'nul-byte' : 'syntax-error',
    classes: ['transaction'],
    severity: 'error',
    file: file.file,
    line,
    statement: (file.text.split('\n')[line - 1] ?? '').replaceAll('\0', '\\0').trim(),
    message: `${problem}; nothing in this file can be checked`,
    safe: undefined,
    allowedIn: [],
    accepted: undefined,
  };
}

/** An expand step that cannot be reverted leaves an aborted deployment's objects behind for good. */
function missingRevert<S extends Statement, H>(migration: Migration, grammar: Grammar<S, H>): readonly Finding[] {
  const { expand, revert, id } = migration;
  if (expand === undefined || revert !== undefined) return [];
  const parsed = grammar.parse(expand.text);
  if (!parsed.ok || parsed.statements.length === 0) return [];
  const back = parsed.statements.map((statement) => grammar.reverse(statement)).toReversed();
  return [
    {
      rule: 'missing-revert',
      classes: ['transaction'],
      severity: 'error',
      file: expand.file,
      line: 1,
      statement: '',
      message: `${id} has no ${id}.revert.sql: its expand step could not be taken back after an aborted deployment`,
      safe: back.every((each) => each !== undefined) ? ['-- revert:', ...back].join('\n') : undefined,
      allowedIn: [],
      accepted: undefined,
    },
  ];
}

function byPlace(migrations: readonly Migration[]): (left: Finding, right: Finding) => number {
  const order = new Map(migrations.flatMap(filesOf).map(({ file }, index) => [file, index]));
  const place = ({ file }: Finding): number => order.get(file) ?? 0;
  return (left, right) => place(left) - place(right) || left.line - right.line;
}
