// ADD COLUMN in parts: the column, and each constraint with its options.

import type { ColumnDef, Constraint } from 'libpg-query';
import type { Hazard } from '../../lint/rule.ts';
import type { History } from './history.ts';
import { onAlter, type PostgresRule } from './postgres-rule.ts';
import { type Alteration, body, constraintsOf } from './tree.ts';

export interface Added {
  readonly column: ColumnDef;
  readonly name: string;
  /** DEFERRABLE and the like are in the constraint that they belong to. */
  readonly constraints: readonly Constraint[];
  readonly alteration: Alteration;
  readonly history: History;
}

export const onAddColumn = (look: (added: Added) => Hazard | undefined): PostgresRule['check'] =>
  onAlter(['AT_AddColumn'], (alteration, { history }) => {
    const column = body(alteration.command.def, 'ColumnDef');
    if (column === undefined) return undefined;
    const constraints = folded(constraintsOf(column.constraints));
    return look({ column, name: column.colname ?? '', constraints, alteration, history });
  });

export const find = ({ constraints }: Added, kind: Constraint['contype']): Constraint | undefined =>
  constraints.find(({ contype }) => contype === kind);

/** The grammar has `REFERENCES plans DEFERRABLE` as two constraints of a column. */
function folded(constraints: readonly Constraint[]): readonly Constraint[] {
  const found: Constraint[] = [];
  for (const each of constraints) {
    const before = found.at(-1);
    const said = attributes[each.contype ?? ''];
    if (said === undefined) found.push(each);
    else if (before !== undefined) found[found.length - 1] = { ...before, ...said };
  }
  return found;
}

const attributes: Readonly<Record<string, Partial<Constraint>>> = {
  CONSTR_ATTR_DEFERRABLE: { deferrable: true },
  CONSTR_ATTR_NOT_DEFERRABLE: {},
  CONSTR_ATTR_DEFERRED: { deferrable: true, initdeferred: true },
  CONSTR_ATTR_IMMEDIATE: {},
};
