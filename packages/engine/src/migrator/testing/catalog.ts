// A schema as values, to compare two of them: what each object is, without what the server numbers by itself.

import type { Client } from 'pg';

/** `kind table: what it is`, sorted; and the rows of each table. */
export interface Snapshot {
  readonly objects: readonly string[];
  readonly columns: readonly string[];
  readonly rows: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

const inUse = `n.nspname !~ '^(pg_|information_schema)'`;
const objects = `
SELECT 'constraint ' || coalesce(c.conrelid::regclass::text, '') || ': ' || pg_get_constraintdef(c.oid) || CASE WHEN c.convalidated THEN '' ELSE ' (not valid)' END AS it
  FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${inUse} AND c.contype <> 'n' AND c.conrelid <> 0 AND c.contype <> 't'
UNION ALL
SELECT 'index ' || i.indrelid::regclass::text || ': ' || regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \\S+ ON', ' INDEX ON')
    || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END || CASE WHEN i.indisprimary THEN ' (primary)' ELSE '' END
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${inUse}
UNION ALL
SELECT 'relation ' || c.oid::regclass::text || ': ' || concat(c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.relforcerowsecurity)
    || ' ' || pg_get_userbyid(c.relowner) || ' ' || coalesce(c.relacl::text, '') || coalesce(pg_get_viewdef(c.oid), '')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${inUse} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${inUse} AND NOT t.tgisinternal
UNION ALL
SELECT 'routine ' || pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE ${inUse} AND p.prokind <> 'a' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'type ' || t.oid::regtype::text || ': ' || coalesce((SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), t.typtype::text)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${inUse} AND t.typtype IN ('e', 'd')
UNION ALL
SELECT 'parent ' || inhrelid::regclass::text || ': ' || inhparent::regclass::text FROM pg_inherits
UNION ALL
SELECT 'policy ' || polrelid::regclass::text || ': ' || polname || pg_get_expr(polqual, polrelid) FROM pg_policy
UNION ALL
SELECT 'schema ' || nspname FROM pg_namespace n WHERE ${inUse}`;
const columns = `
SELECT a.attrelid::regclass::text || '.' || a.attname || ': ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
    || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') || CASE a.attidentity WHEN '' THEN '' ELSE ' identity ' || a.attidentity::text END
    || CASE a.attgenerated WHEN '' THEN '' ELSE ' generated ' || a.attgenerated::text END
    || CASE WHEN a.attcollation IN (0, (SELECT typcollation FROM pg_type WHERE oid = a.atttypid)) THEN '' ELSE ' collate ' || a.attcollation::regcollation::text END AS it
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE ${inUse} AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped`;

export async function snapshotOf(client: Client): Promise<Snapshot> {
  const lines = async (sql: string): Promise<readonly string[]> =>
    (await client.query(sql)).rows.map(({ it }) => String(it)).toSorted();
  const { rows: tables } = await client.query(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${inUse} AND c.relkind = 'r'`,
  );
  const rows: Record<string, readonly Record<string, unknown>[]> = {};
  for (const { name } of tables)
    rows[name] = (await client.query(`SELECT to_jsonb(t) AS it FROM ${name} t`)).rows.map(({ it }) => it);
  return { objects: await lines(objects), columns: await lines(columns), rows };
}

/** What the one has and the other lacks (`-`), and what it has besides (`+`). A column under another name is the same column. */
export function differences(wanted: Snapshot, made: Snapshot): readonly string[] {
  const renamed = renamedColumn(wanted.columns, made.columns);
  const known = (line: string): string => (renamed === undefined ? line : line.replace(renamed.pattern, renamed.to));
  const all = ({ objects, columns, rows }: Snapshot, name: (line: string) => string): readonly string[] => [
    ...objects.map(name),
    ...columns.map(name),
    ...Object.entries(rows).flatMap(([table, lines]) => lines.map((line) => `row ${table} ${sorted(line, name)}`)),
  ];
  const [want, have] = [counted(all(wanted, (line) => line)), counted(all(made, known))];
  return [...new Set([...want.keys(), ...have.keys()])].toSorted().flatMap((line) => {
    const [missing, extra] = [(want.get(line) ?? 0) - (have.get(line) ?? 0), 0];
    return missing > extra ? [`- ${line}`] : missing < extra ? [`+ ${line}`] : [];
  });
}

const sorted = (row: Readonly<Record<string, unknown>>, name: (key: string) => string): string =>
  JSON.stringify(
    Object.entries(row)
      .map(([key, value]) => [name(key), value])
      .toSorted(),
  );

function counted(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function renamedColumn(wanted: readonly string[], made: readonly string[]) {
  const names = (lines: readonly string[]) => new Set(lines.map((line) => line.slice(0, line.indexOf(': '))));
  const [want, have] = [names(wanted), names(made)];
  const [gone = [], come = []] = [
    [...want].filter((each) => !have.has(each)),
    [...have].filter((each) => !want.has(each)),
  ];
  if (gone.length !== 1 || come.length !== 1) return undefined;
  const last = (path = ''): string => path.split('.').at(-1) ?? '';
  return { pattern: new RegExp(`\\b${last(come[0])}\\b`, 'g'), to: last(gone[0]) };
}
