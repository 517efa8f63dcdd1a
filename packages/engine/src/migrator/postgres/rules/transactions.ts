// The engine opens the transaction, sets its limits and ends it: a file says what happens inside.

import { hazards, noHazard, steps } from '../../lint/rule.ts';
import { isNewTable } from './history.ts';
import { isOutsideTransactions } from './index-rules.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { body, strings } from './tree.ts';
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
          'a file with @no-transaction holds one statement: when the second fails, the first is done and nobody has written that down',
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

const overridingTimeouts: PostgresRule = {
  id: 'overriding-timeouts',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: ({ node }) => {
    const set = body(node, 'VariableSetStmt');
    const value = body(set?.args?.[0], 'A_Const');
    const name = set?.name ?? '';
    const isOff =
      set?.kind !== 'VAR_SET_VALUE' ||
      (value?.ival !== undefined && !value.ival.ival) ||
      /^0\D*$/.test(value?.sval?.sval ?? '');
    if (limits.has(name) && isOff)
      return [
        {
          message: `without ${name} one forgotten reader stops everybody behind this migration: the engine sets it, and tries again`,
          safe: undefined,
        },
      ];
    if (name === 'session_replication_role')
      return [
        {
          message:
            'triggers and foreign keys are off for everything that follows: rows may break what both releases rely on',
          safe: undefined,
        },
      ];
    return noHazard;
  },
};

/** A value of an enum is there for others only after the transaction that adds it. */
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
