// The schema from PostgreSQL's catalog, without the system's own schemas and what extensions add.

import type { Column, Relation, Rule, SchemaShape } from '../../evidence/shape.ts';
import type { Session } from '../session.ts';

/** As one writes it: without the default schema, which is the first parameter. */
const named = (schema: string, name: string): string =>
  `CASE ${schema}.nspname WHEN $1 THEN '' ELSE ${schema}.nspname || '.' END || ${name}`;

const own = (schema: string): string =>
  `${schema}.nspname NOT IN ('pg_catalog', 'information_schema') AND ${schema}.nspname !~ '^pg_(toast|temp)'`;

const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

const relationsSql = `
  SELECT ${named('n', 'c.relname')} AS name, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END AS kind,
         CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '' END AS definition
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND ${own('n')} AND ${notOfExtension('pg_class', 'c.oid')}`;

const columnsSql = `
  SELECT ${named('n', 'c.relname')} AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
         a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS "notNull", a.attnum::int AS position,
         CASE WHEN a.attidentity <> '' THEN 'identity' WHEN a.attgenerated <> '' THEN 'generated ' || pg_get_expr(d.adbin, d.adrelid)
              ELSE coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault) END AS fallback
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND ${own('n')}`;

// A unique constraint is reported as its index: one that replaces the other changes nothing. An invalid one counts as
// well, since it refuses rows already. What is not validated yet refuses new rows like what is.
const rulesSql = `
  SELECT CASE o.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'exclusion' END AS kind, o.conname AS name,
         ${named('n', 'c.relname')} AS "table", replace(pg_get_constraintdef(o.oid), ' NOT VALID', '') AS definition, false AS "fillsInserts"
  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE o.contype IN ('c', 'f', 'x') AND ${own('n')}
  UNION ALL
  SELECT 'unique', substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)$'), ${named('n', 'c.relname')},
         substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)$'), false
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE i.indisunique AND ${own('n')}
  UNION ALL
  SELECT 'trigger', g.tgname, ${named('n', 'c.relname')}, pg_get_triggerdef(g.oid) || g.tgenabled::text, g.tgtype & 7 = 7
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT g.tgisinternal AND ${own('n')}
  UNION ALL
  SELECT 'policy', p.policyname, CASE p.schemaname WHEN $1 THEN '' ELSE p.schemaname || '.' END || p.tablename,
         concat_ws(' ', p.permissive, p.roles::text, p.cmd, p.qual, p.with_check), false
  FROM pg_policies p
  UNION ALL
  SELECT 'policy', 'row security', ${named('n', 'c.relname')}, c.relforcerowsecurity::text, false
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relrowsecurity AND ${own('n')}`;

const routinesSql = `
  SELECT ${named('n', 'p.proname')} AS name, string_agg(md5(CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid)
         ELSE p.prosrc || pg_get_function_identity_arguments(p.oid) END), ' ' ORDER BY p.oid) AS text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE ${own('n')} AND ${notOfExtension('pg_proc', 'p.oid')} GROUP BY 1`;

const enumsSql = `
  SELECT ${named('n', 't.typname')} AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
  FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${own('n')} GROUP BY 1`;

const grantsSql = `
  SELECT x.privilege_type || ' on ' || ${named('n', 'c.relname')} || ' to ' || coalesce(r.rolname, 'public') AS grant
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN aclexplode(c.relacl) x
  LEFT JOIN pg_roles r ON r.oid = x.grantee
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND ${own('n')} AND x.grantee <> c.relowner`;

export async function readShape(session: Session, defaultSchema: string): Promise<SchemaShape> {
  const rows = async <Row>(sql: string): Promise<readonly Row[]> =>
    (await session.ask(sql, [defaultSchema])) as unknown as readonly Row[];
  const relations = await rows<Relation & Named>(relationsSql);
  const columns = await rows<Omit<Column, 'fallback'> & Named & { readonly fallback: string | null }>(columnsSql);
  const rules = await rows<Rule & Named>(rulesSql);
  const routines = await rows<Named & { readonly text: string }>(routinesSql);
  const enums = await rows<Named & { readonly labels: readonly string[] }>(enumsSql);
  const grants = await rows<{ readonly grant: string }>(grantsSql);
  return {
    relations: byName(relations, ({ name, ...relation }) => [name, relation]),
    columns: byName(columns, ({ name, fallback, ...column }) => [
      `${column.table}.${name}`,
      { ...column, fallback: fallback ?? undefined },
    ]),
    rules: byName(rules, ({ name, ...rule }) => [`${rule.kind} ${name} on ${rule.table}`, rule]),
    routines: byName(routines, ({ name, text }) => [name, text]),
    enums: byName(enums, ({ name, labels }) => [name, labels]),
    grants: grants.map(({ grant }) => grant).sort(),
  };
}

interface Named {
  readonly name: string;
}

function byName<Row, Value>(
  rows: readonly Row[],
  entry: (row: Row) => readonly [string, Value],
): Readonly<Record<string, Value>> {
  return Object.fromEntries(rows.map(entry));
}
