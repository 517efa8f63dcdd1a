// Views, triggers and policies: what they read cannot be dropped, nor get another type.

import type { Node } from 'libpg-query';
import type { History, Reader } from './history.ts';
import { triggerKey } from './names.ts';
import { body, columnsIn, nameOf, some, strings } from './tree.ts';

export function readerIn(node: Node): (Reader & { readonly name: string }) | undefined {
  const view = body(node, 'ViewStmt');
  if (view?.view !== undefined) return { name: nameOf(view.view), kind: 'view', ...readIn(view.query) };
  const made = body(node, 'CreateTableAsStmt');
  if (made?.objtype === 'OBJECT_MATVIEW')
    return { name: nameOf(made.into?.rel ?? {}), kind: 'materialized view', ...readIn(made.query) };
  const trigger = body(node, 'CreateTrigStmt');
  if (trigger?.relation !== undefined) {
    const columns = [...strings(trigger.columns), ...columnsIn(trigger.whenClause)];
    const table = nameOf(trigger.relation);
    return { name: triggerKey(trigger.trigname, table), kind: 'trigger', tables: [table], columns, readsAll: false };
  }
  const policy = body(node, 'CreatePolicyStmt');
  if (policy?.table === undefined) return undefined;
  const columns = [...columnsIn(policy.qual), ...columnsIn(policy.with_check)];
  const table = nameOf(policy.table);
  return { name: triggerKey(policy.policy_name, table), kind: 'policy', tables: [table], columns, readsAll: false };
}

function readIn(query: Node | undefined): Pick<Reader, 'tables' | 'columns' | 'readsAll'> {
  const tables: string[] = [];
  some(query, ({ RangeVar: relation }) => {
    if (relation !== undefined) tables.push(nameOf(relation as Parameters<typeof nameOf>[0]));
    return false;
  });
  return { tables, columns: columnsIn(query), readsAll: some(query, (node) => 'A_Star' in node) };
}

/** What reads the table, or this column of it. */
export function readersOf(
  { readers }: History,
  table: string,
  column?: string,
): readonly { readonly name: string; readonly kind: Reader['kind'] }[] {
  return [...readers].flatMap(([name, { kind, tables, columns, readsAll }]) => {
    const reads = tables.includes(table) && (column === undefined || columns.includes(column) || readsAll);
    return reads && name !== table ? [{ name, kind }] : [];
  });
}

/** Foreign keys of other tables to this one, or to this column of it. */
export function referrersOf(
  history: History,
  table: string,
  column?: string,
): readonly { readonly table: string; readonly name: string }[] {
  const key = history.tables.get(table)?.keys ?? [];
  return [...history.tables].flatMap(([of, { constraints }]) =>
    [...constraints].flatMap(([name, { node }]) => {
      if (node.contype !== 'CONSTR_FOREIGN' || nameOf(node.pktable ?? {}) !== table) return [];
      const named = strings(node.pk_attrs);
      const isIt = column === undefined || (named.length > 0 ? named : key).includes(column);
      return isIt && of !== table ? [{ table: of, name }] : [];
    }),
  );
}
