// What changes the meaning of statements that the old release still sends: triggers, row security, rights, storage.

import type { AlterTableType } from 'libpg-query';
import { hazards, noHazard, steps } from '../../lint/rule.ts';
import { disabledKey, type History, isNewObject, isNewTable } from './history.ts';
import { altered, anyOf, onAlter, type PostgresRule } from './postgres-rule.ts';
import { type Alteration, body, dotted, nameOf } from './tree.ts';

const bothReleases = ['contract', 'revert'] as const;

const creatingTrigger: PostgresRule = {
  id: 'creating-trigger',
  classes: ['breaks-old', 'locks'],
  allowedIn: bothReleases,
  check: (statement, { history, isSync }) => {
    const { node } = statement;
    const relation = body(node, 'CreateTrigStmt')?.relation ?? body(node, 'RuleStmt')?.relation;
    if (relation === undefined || isSync || isNewTable(history, nameOf(relation))) return noHazard;
    return [
      {
        message: `it changes what the old release’s writes to ${nameOf(relation)} do; where it only keeps two columns in step, say -- @sync`,
        safe: steps(['contract', `${statement.text};`]),
      },
    ];
  },
};

const rowSecurity: readonly AlterTableType[] = [
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
];

const changingRowSecurity: PostgresRule = {
  id: 'changing-row-security',
  classes: ['breaks-old'],
  allowedIn: bothReleases,
  check: anyOf(
    onAlter(rowSecurity, (alteration) => ({
      message: `rows of ${alteration.table} appear or disappear for statements of the old release`,
      safe: steps(['contract', altered(alteration, alteration.command)]),
    })),
    (statement, { history }) => {
      const { node } = statement;
      const table = body(node, 'CreatePolicyStmt')?.table ?? body(node, 'AlterPolicyStmt')?.table;
      const isDrop = body(node, 'DropStmt')?.removeType === 'OBJECT_POLICY';
      if ((table === undefined && !isDrop) || (table !== undefined && isNewTable(history, nameOf(table))))
        return noHazard;
      return [
        {
          message: `rows ${table === undefined ? '' : `of ${nameOf(table)} `}appear or disappear for statements of the old release`,
          safe: steps(['contract', `${statement.text};`]),
        },
      ];
    },
  ),
};

const changingRights: PostgresRule = {
  id: 'changing-rights',
  classes: ['breaks-old'],
  allowedIn: bothReleases,
  check: anyOf(
    onAlter(['AT_ChangeOwner'], (alteration) => ({
      message: `the role of the old release may lose its rights on ${alteration.table}`,
      safe: steps(['contract', altered(alteration, alteration.command)]),
    })),
    (statement, { history }) => {
      const { node } = statement;
      const grant = body(node, 'GrantStmt') ?? body(node, 'GrantRoleStmt');
      const isRevoke = grant !== undefined && grant.is_grant !== true;
      const isOwner = body(node, 'AlterOwnerStmt') !== undefined || body(node, 'ReassignOwnedStmt') !== undefined;
      const objects = body(node, 'GrantStmt')?.objects ?? [];
      const isAllNew =
        objects.length > 0 &&
        objects.every((each) => {
          const name = nameOf(body(each, 'RangeVar') ?? {});
          return isNewTable(history, name) || isNewObject(history, name) || isNewRoutine(history, each);
        });
      if ((!isRevoke && !isOwner) || isAllNew) return noHazard;
      return [
        {
          message: 'the role of the old release may lose a right that its statements need',
          safe: steps(['contract', `${statement.text};`]),
        },
      ];
    },
  ),
};

const isNewRoutine = (history: History, object: Parameters<typeof body>[0]): boolean =>
  isNewObject(history, dotted(body(object, 'ObjectWithArgs')?.objname));

const disablingTrigger: PostgresRule = {
  id: 'disabling-trigger',
  classes: ['breaks-old', 'locks'],
  allowedIn: bothReleases,
  check: onAlter(
    [
      'AT_DisableTrig',
      'AT_DisableTrigAll',
      'AT_DisableTrigUser',
      'AT_DisableRule',
      'AT_EnableTrig',
      'AT_EnableTrigAll',
      'AT_EnableTrigUser',
      'AT_EnableRule',
      'AT_EnableAlwaysTrig',
      'AT_EnableReplicaTrig',
    ],
    (alteration, { history }) => {
      if (isBack(alteration, history.file.disabled)) return undefined;
      return {
        message: `what triggers and rules do for the old release’s writes to ${alteration.table} changes under it${alteration.command.subtype === 'AT_DisableTrigAll' ? ', and foreign keys are not checked' : ''}`,
        safe: steps(['contract', altered(alteration, alteration.command)]),
      };
    },
  ),
};

/** The file itself has disabled what it enables: all is as before when it commits. */
function isBack({ table, command: { subtype, name } }: Alteration, disabled: ReadonlySet<string>): boolean {
  const has = (what: AlterTableType, of = ''): boolean => disabled.has(disabledKey(table, what, of));
  if (subtype === 'AT_EnableTrig')
    return has('AT_DisableTrig', name) || has('AT_DisableTrigAll') || has('AT_DisableTrigUser');
  if (subtype === 'AT_EnableTrigAll') return has('AT_DisableTrigAll') || has('AT_DisableTrigUser');
  if (subtype === 'AT_EnableTrigUser') return has('AT_DisableTrigUser') || has('AT_DisableTrigAll');
  return subtype === 'AT_EnableRule' && has('AT_DisableRule', name);
}

const replicaIdentity: PostgresRule = {
  id: 'changing-replica-identity',
  classes: ['breaks-old', 'locks'],
  allowedIn: bothReleases,
  check: onAlter(['AT_ReplicaIdentity'], (alteration) => ({
    message: `subscribers of ${alteration.table} may refuse updates and deletes of both releases`,
    safe: steps(['contract', altered(alteration, alteration.command)]),
  })),
};

const storage: PostgresRule = {
  id: 'changing-table-storage',
  classes: ['locks'],
  allowedIn: [],
  check: onAlter(
    ['AT_SetLogged', 'AT_SetUnLogged', 'AT_SetAccessMethod', 'AT_SetTableSpace', 'AT_SetExpression'],
    ({ table, command }) => ({
      message: `the whole of ${table} is written again while nobody can read it${command.subtype === 'AT_SetUnLogged' ? ', and a crash empties it afterwards' : ''}: it needs a maintenance window, or a new table beside it`,
      safe: undefined,
    }),
  ),
};

const inheritance: PostgresRule = {
  id: 'changing-inheritance',
  classes: ['breaks-old', 'locks'],
  allowedIn: bothReleases,
  check: onAlter(['AT_AddInherit', 'AT_DropInherit', 'AT_AddOf', 'AT_DropOf'], (alteration) => ({
    message: `rows of ${alteration.table} appear in, or disappear from, what the old release reads of its parent`,
    safe: steps(['contract', altered(alteration, alteration.command)]),
  })),
};

const explicitLock: PostgresRule = {
  id: 'explicit-lock',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: ({ node }, { history }) => {
    const relations = body(node, 'LockStmt')?.relations ?? [];
    const old = relations
      .map((each) => nameOf(body(each, 'RangeVar') ?? {}))
      .filter((name) => !isNewTable(history, name));
    return hazards(
      old.length === 0
        ? undefined
        : {
            message: `${old.join(', ')} stays locked to the end of the transaction; each statement takes the lock that it needs`,
            safe: undefined,
          },
    );
  },
};

export const behaviourRules: readonly PostgresRule[] = [
  creatingTrigger,
  changingRowSecurity,
  changingRights,
  disablingTrigger,
  replicaIdentity,
  storage,
  inheritance,
  explicitLock,
];
