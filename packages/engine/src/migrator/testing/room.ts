// Space for what statements add, on a schema with an example of everything.

import { parsePostgres } from '../postgres/parse.ts';
import { alterations, body, nameOf, quoted, relationSql } from '../postgres/rules/tree.ts';
import type { Section } from './sections.ts';

/** What they create is removed, and partitions are where they expect them. */
export function roomFor(sections: readonly Section[]): readonly string[] {
  return sections.flatMap(({ text }) => {
    const parsed = parsePostgres(text);
    return parsed.ok ? parsed.statements.flatMap(roomForOne) : [];
  });
}

type Statement = Parameters<typeof alterations>[0];

function roomForOne(statement: Statement): readonly string[] {
  const { node } = statement;
  const table = body(node, 'CreateStmt')?.relation;
  if (table !== undefined) return [`DROP TABLE IF EXISTS ${relationSql(table)} CASCADE`];
  const index = body(node, 'IndexStmt')?.idxname;
  if (index !== undefined) return [`DROP INDEX IF EXISTS ${quoted(index)} CASCADE`];
  const trigger = body(node, 'CreateTrigStmt');
  if (trigger?.relation !== undefined)
    return [`DROP TRIGGER IF EXISTS ${quoted(trigger.trigname ?? '')} ON ${relationSql(trigger.relation)}`];
  const policy = body(node, 'CreatePolicyStmt');
  if (policy?.table !== undefined)
    return [`DROP POLICY IF EXISTS ${quoted(policy.policy_name ?? '')} ON ${relationSql(policy.table)}`];
  const rename = body(node, 'RenameStmt');
  if (rename?.renameType === 'OBJECT_COLUMN' && rename.relation !== undefined)
    return [`ALTER TABLE IF EXISTS users DROP COLUMN IF EXISTS ${quoted(rename.newname ?? '')} CASCADE`];
  if (rename?.renameType === 'OBJECT_TABLE') return [`DROP TABLE IF EXISTS ${quoted(rename.newname ?? '')} CASCADE`];
  if ('CreateDomainStmt' in node) return ['DROP DOMAIN IF EXISTS percent CASCADE'];
  return alterations(statement).flatMap(({ sql, relation, command: { subtype, def } }) => {
    const column = body(def, 'ColumnDef');
    const constraint = body(def, 'Constraint');
    const isKey = [constraint, ...(column?.constraints ?? []).map((each) => body(each, 'Constraint'))].some(
      (each) => each?.contype === 'CONSTR_PRIMARY',
    );
    const partition = body(def, 'PartitionCmd')?.name;
    return [
      ...(isKey ? [`ALTER TABLE ${sql} DROP CONSTRAINT IF EXISTS ${quoted(`${nameOf(relation)}_pkey`)} CASCADE`] : []),
      ...(subtype === 'AT_AddColumn'
        ? [`ALTER TABLE ${sql} DROP COLUMN IF EXISTS ${quoted(column?.colname ?? '')} CASCADE`]
        : []),
      ...(constraint?.conname === undefined
        ? []
        : [`ALTER TABLE ${sql} DROP CONSTRAINT IF EXISTS ${quoted(constraint.conname)} CASCADE`]),
      ...(partition === undefined
        ? []
        : subtype === 'AT_AttachPartition'
          ? [`CREATE TABLE ${relationSql(partition)} (at date NOT NULL)`]
          : [
              `CREATE TABLE ${relationSql(partition)} PARTITION OF ${sql} FOR VALUES FROM ('2019-01-01') TO ('2020-01-01')`,
            ]),
    ];
  });
}
