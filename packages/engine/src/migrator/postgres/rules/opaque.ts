// What cannot be judged from the text goes to a person, or to a dry run: a kind of statement that no rule knows, too.

import type { Node } from 'libpg-query';
import { hazards, noHazard, steps } from '../../lint/rule.ts';
import { type History, isNewObject } from './history.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { body, dotted, isCatalog, nameOf, print, printType, some, strings } from './tree.ts';
import { volatileIn } from './volatile.ts';

/** Kinds of statement whose hazards are known; everything else is opaque. */
const known = new Set(
  `AlterTableStmt CreateStmt IndexStmt ViewStmt CreateTableAsStmt CreateSeqStmt CreateEnumStmt AlterEnumStmt CreateDomainStmt
  AlterDomainStmt CompositeTypeStmt CreateRangeStmt CreateFunctionStmt CreateTrigStmt RuleStmt CreatePolicyStmt AlterPolicyStmt
  GrantStmt GrantRoleStmt AlterDefaultPrivilegesStmt AlterOwnerStmt ReassignOwnedStmt RenameStmt AlterObjectSchemaStmt DropStmt
  DropdbStmt DropOwnedStmt TruncateStmt CommentStmt CreateSchemaStmt CreateExtensionStmt CreateStatsStmt AlterStatsStmt VacuumStmt
  ClusterStmt ReindexStmt RefreshMatViewStmt LockStmt TransactionStmt VariableSetStmt VariableShowStmt InsertStmt UpdateStmt
  DeleteStmt SelectStmt ConstraintsSetStmt DefineStmt CreateCastStmt SecLabelStmt CreatePublicationStmt CreateRoleStmt`.split(
    /\s+/,
  ),
);

const opaque: PostgresRule = {
  id: 'opaque-sql',
  classes: ['breaks-old', 'locks'],
  allowedIn: [],
  severity: 'review',
  check: ({ node }, { history }) => {
    const reason = opacity(node, history);
    return hazards(
      reason === undefined
        ? undefined
        : { message: `${reason}: a person must look, or a dry run on a scratch copy`, safe: undefined },
    );
  },
};

function opacity(node: Node, history: History): string | undefined {
  const [kind = ''] = Object.keys(node);
  if (kind === 'DoStmt') return 'a DO block may do anything';
  if (kind === 'CallStmt' || kind === 'ExecuteStmt') return 'what is called may do anything';
  if (kind === 'CopyStmt') return 'rows come from outside this file';
  const target = body(node, 'UpdateStmt') ?? body(node, 'DeleteStmt') ?? body(node, 'InsertStmt');
  const changed = nameOf(target?.relation ?? {});
  if (isCatalog(changed)) return `a row of ${changed}, the server’s own catalog, is changed by hand`;
  if (kind === 'SelectStmt') {
    if (setsSequence(node, history))
      return 'a sequence that is set to a constant gives numbers again that rows have already: read its value from the rows (max(id))';
    const called = volatileIn(node, new Set(['nextval']));
    return called === undefined ? undefined : `${called} may do anything`;
  }
  const alter = body(node, 'AlterTableStmt');
  if (alter?.objtype === 'OBJECT_FOREIGN_TABLE') return 'what another server does with it is not seen here';
  if (alter?.objtype === 'OBJECT_TYPE') return 'releases read and write this composite type by position';
  const sequence = body(node, 'AlterSeqStmt')?.options ?? [];
  // Its owner decides only with which object it is dropped.
  if (sequence.length > 0 && sequence.every((each) => body(each, 'DefElem')?.defname === 'owned_by')) return undefined;
  return known.has(kind) ? undefined : `no rule knows what ${words(kind)} does to the old release`;
}

const isNext = ({ FuncCall: call }: Record<string, unknown>): boolean =>
  strings((call as { funcname?: Node[] } | undefined)?.funcname).at(-1) === 'nextval';

/** `setval()` of a sequence that numbers rows already, with a number that does not come from them. */
const setsSequence = (node: Node, history: History): boolean =>
  some(node, ({ FuncCall: call }) => {
    const { funcname, args } = (call ?? {}) as { funcname?: Node[]; args?: Node[] };
    if (strings(funcname).at(-1) !== 'setval') return false;
    const sequence = body(args?.[0], 'A_Const')?.sval?.sval ?? '';
    return (
      !isNewObject(history, sequence) &&
      !some(args?.[1], (inner) => 'ColumnRef' in inner || 'SubLink' in inner || isNext(inner))
    );
  });

/** `AlterSystemStmt` as `ALTER SYSTEM`. */
const words = (kind: string): string =>
  kind
    .replace(/Stmt$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();

/** The old release still calls what is replaced. */
const replacing: PostgresRule = {
  id: 'replacing-object',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  severity: 'review',
  check: ({ node }, { history, isSync }) => {
    const routine = body(node, 'CreateFunctionStmt');
    const view = body(node, 'ViewStmt');
    const trigger = body(node, 'CreateTrigStmt');
    const isReplaced = [routine, view, trigger].some((each) => each?.replace === true);
    const name = routine === undefined ? nameOf(view?.view ?? {}) : dotted(routine.funcname);
    const isForSync = isSync && routine?.returnType !== undefined && printType(routine.returnType) === 'trigger';
    if (!isReplaced || trigger !== undefined || isForSync || isNewObject(history, name)) return noHazard;
    return [
      {
        message: isKnown(name, history)
          ? `the old release gets another answer from ${name}: replace it when that release is gone, or give the new one another name`
          : `if ${name} was there before, the old release gets another answer from it; if it is new, leave OR REPLACE out`,
        safe: steps(['contract', `${print(node)};`]),
      },
    ];
  },
};

const isKnown = (name: string, { objects }: History): boolean => objects.has(name);

const domainWithConstraint: PostgresRule = {
  id: 'ban-create-domain-with-constraint',
  classes: ['locks', 'depends-on-data'],
  allowedIn: [],
  severity: 'warning',
  check: ({ node }) => {
    const domain = body(node, 'CreateDomainStmt');
    if (domain?.constraints === undefined) return noHazard;
    return [
      {
        message: `every column of ${dotted(domain.domainname)} that is added later writes its table again, and a change of the domain reads all of them under lock: a CHECK on the table does not`,
        safe: undefined,
      },
    ];
  },
};

const alterDomain: PostgresRule = {
  id: 'ban-alter-domain-with-add-constraint',
  classes: ['locks', 'breaks-old', 'depends-on-data'],
  allowedIn: [],
  check: ({ node }) => {
    const alter = body(node, 'AlterDomainStmt');
    if (alter === undefined || !['C', 'O', 'V'].includes(alter.subtype ?? '')) return noHazard;
    return [
      {
        message: `every table with a column of ${dotted(alter.typeName)} is read while nobody can write to it, and old writes may be refused: add a CHECK … NOT VALID to each table`,
        safe: undefined,
      },
    ];
  },
};

export const opaqueRules: readonly PostgresRule[] = [opaque, replacing, domainWithConstraint, alterDomain];
