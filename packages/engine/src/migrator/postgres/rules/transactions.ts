// The engine opens the transaction, sets its limits and ends it: a file says what happens inside.

import type { Node } from 'libpg-query';
import { hazards, noHazard, steps } from '../../lint/rule.ts';
import { isNewTable } from './history.ts';
import { isOutsideTransactions } from './index-rules.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { body, some, strings } from './tree.ts';
import { lockedTable } from './weight.ts';

const nesting: PostgresRule = {
  id: 'transaction-nesting',
  classes: ['transaction'],
  allowedIn: [],
  check: ({ node }) => {
    const kind = body(node, 'TransactionStmt')?.kind;
    if (kind === undefined || /SAVEPOINT|RELEASE|ROLLBACK_TO/.test(kind)) return noHazard;
    return [
      {
        message:
          'the engine opens and ends the transaction together with its ledger: this would commit half of the migration, or undo what the ledger says is done',
        safe: undefined,
      },
    ];
  },
};

const oneTable: PostgresRule = {
  id: 'one-table-per-transaction',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: (statement, { history, file }) => {
    const table = lockedTable(statement);
    const { lockedTables } = history.file;
    if (table === undefined || !file.transaction || isNewTable(history, table)) return noHazard;
    const [first] = lockedTables;
    if (first === undefined || lockedTables.has(table)) return noHazard;
    return [
      {
        message: `${first}${lockedTables.size > 1 ? ` and ${lockedTables.size - 1} more` : ''} stays locked while this waits for the lock on ${table}: two tables stand still, and two such migrations deadlock`,
        safe: steps([file.stage === 'contract' ? 'then contract' : 'then expand', `${statement.text};`]),
      },
    ];
  },
};

const oneStatement: PostgresRule = {
  id: 'one-statement-without-transaction',
  classes: ['transaction'],
  allowedIn: [],
  check: (statement, { history, file }) => {
    if (file.transaction || history.file.statements[1] !== statement) return noHazard;
    const needs = isOutsideTransactions(statement) ? ', @no-transaction' : '';
    return [
      {
        message:
          'a file with @no-transaction holds one statement: when the second fails, the first is done and that is recorded nowhere',
        safe: steps([`then ${file.stage === 'contract' ? 'contract' : 'expand'}${needs}`, `${statement.text};`]),
      },
    ];
  },
};

const limits = new Set([
  'lock_timeout',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
]);

/** Longer than these, a waiting migration stops the users behind it; the engine's own limits are shorter. */
const longestMs: Readonly<Record<string, number>> = {
  lock_timeout: 5_000,
  statement_timeout: 60_000,
  idle_in_transaction_session_timeout: 60_000,
  transaction_timeout: 600_000,
};

interface Setting {
  readonly name: string;
  /** Undefined: back to a default, or worked out by an expression. */
  readonly value: string | undefined;
}

/** `SET`, `RESET`, `RESET ALL`, `DISCARD ALL`, and `set_config()` at any depth of a statement. */
function settingsIn(node: Node): readonly Setting[] {
  if (body(node, 'DiscardStmt')?.target === 'DISCARD_ALL') return [{ name: 'all', value: undefined }];
  const set = body(node, 'VariableSetStmt');
  if (set !== undefined)
    return [
      set.kind === 'VAR_RESET_ALL'
        ? { name: 'all', value: undefined }
        : { name: (set.name ?? '').toLowerCase(), value: constantOf(set.args?.[0]) },
    ];
  const found: Setting[] = [];
  some(node, ({ FuncCall: call }) => {
    const { funcname, args } = (call ?? {}) as { funcname?: Node[]; args?: Node[] };
    if (strings(funcname).at(-1) === 'set_config')
      found.push({ name: (constantOf(args?.[0]) ?? 'all').toLowerCase(), value: constantOf(args?.[1]) });
    return false;
  });
  return found;
}

function constantOf(node: Node | undefined): string | undefined {
  const constant = body(node, 'A_Const');
  if (constant === undefined) return undefined;
  return constant.sval?.sval ?? constant.fval?.fval ?? String(constant.ival?.ival ?? 0);
}

const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Zero and everything that cannot be read mean that there is no limit. */
function isTooLong({ name, value = '' }: Setting): boolean {
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/.exec(value) ?? [];
  const ms = Number(digits) * (unitMs[unit || 'ms'] ?? Number.NaN);
  return !(ms >= 1 && ms <= (longestMs[name] ?? 0));
}

const overridingTimeouts: PostgresRule = {
  id: 'overriding-timeouts',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: ({ node }) =>
    hazards(
      ...settingsIn(node).map((setting) => {
        const message = settingHazard(setting);
        return message === undefined ? undefined : { message, safe: undefined };
      }),
    ),
};

function settingHazard(setting: Setting): string | undefined {
  const { name } = setting;
  if (name === 'all')
    return 'every setting of the session goes back to the default of the server, the limits of the engine too: name the setting that is meant';
  if (name === 'session_replication_role' && !['origin', 'default'].includes(setting.value ?? 'origin'))
    return 'triggers and foreign keys are off for everything that follows: rows may break what both releases rely on';
  if (!limits.has(name) || !isTooLong(setting)) return undefined;
  return `without a short ${name} one forgotten reader stops all sessions behind this migration: the engine sets it before each statement, and tries again`;
}

/** Other sessions see a value of an enum only after the transaction that adds it. */
const enumInTransaction: PostgresRule = {
  id: 'enum-value-used-in-same-transaction',
  classes: ['transaction'],
  allowedIn: [],
  check: (statement, { history, file }) => {
    const { enumValues } = history.file;
    if (enumValues.size === 0 || !file.transaction || body(statement.node, 'AlterEnumStmt') !== undefined)
      return noHazard;
    const used = [...enumValues].find((value) => statement.text.includes(`'${value.replaceAll("'", "''")}'`));
    return hazards(
      used === undefined
        ? undefined
        : {
            message: `the server refuses the new value ${used} until the transaction that adds it has ended`,
            safe: steps(['then expand', `${statement.text};`]),
          },
    );
  },
};

const addingEnumValue: PostgresRule = {
  id: 'adding-enum-value',
  classes: ['breaks-old'],
  allowedIn: ['contract'],
  severity: 'warning',
  check: ({ node }, { history }) => {
    const value = body(node, 'AlterEnumStmt');
    if (value?.newVal === undefined || value.oldVal !== undefined) return noHazard;
    const type = strings(value.typeName).join('.');
    if (history.objects.get(type)?.file === history.here.file) return noHazard;
    return [
      {
        message: `the old release may not know ${value.newVal} when it reads it: write it only when the old release is gone; and it can never be taken back`,
        safe: undefined,
      },
    ];
  },
};

export const transactionRules: readonly PostgresRule[] = [
  nesting,
  oneTable,
  oneStatement,
  overridingTimeouts,
  enumInTransaction,
  addingEnumValue,
];
