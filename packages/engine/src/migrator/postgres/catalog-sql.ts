// Every kind of object is one SELECT of names and definitions. $1 and $2 are the ledger's own tables.

const objects: readonly string[] = [
  // Schemas, and the roles that may use them. Every database has the first one.
  `SELECT 'schema ' || n.name, coalesce((SELECT acl(nspacl) FROM pg_namespace WHERE oid = n.oid), '') FROM spaces n WHERE n.name <> 'public'`,
  // Tables: what kind they are, and whether rows are hidden by policies.
  `SELECT 'table ' || r.name, concat_ws(' ', CASE r.relpersistence WHEN 'u' THEN 'unlogged' END,
     CASE WHEN r.relrowsecurity THEN 'row security' END, CASE WHEN r.relforcerowsecurity THEN 'forced' END,
     CASE r.relreplident WHEN 'd' THEN NULL ELSE 'replica identity ' || r.relreplident::text END,
     CASE WHEN r.relkind = 'p' THEN 'partition by ' || pg_get_partkeydef(r.oid) WHEN r.relkind = 'f' THEN 'foreign' END)
   FROM relations r WHERE r.relkind IN ('r', 'p', 'f')`,
  `SELECT 'column ' || r.name || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
     CASE WHEN a.attnotnull THEN 'not null' END,
     CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END,
     CASE WHEN a.attidentity::text <> '' THEN 'identity ' || a.attidentity::text WHEN a.attgenerated::text <> '' THEN 'generated ' || a.attgenerated::text END,
     'default ' || pg_get_expr(d.adbin, d.adrelid))
   FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
   JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
   WHERE r.relkind IN ('r', 'p', 'f')`,
  `SELECT 'index ' || n.name || '.' || c.relname, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
   FROM relations r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class c ON c.oid = i.indexrelid JOIN spaces n ON n.oid = c.relnamespace`,
  // Since 18 a plain NOT NULL is a constraint too; the column shows it, unless it is not validated.
  `SELECT 'constraint ' || r.name || '.' || c.conname, pg_get_constraintdef(c.oid)
   FROM relations r JOIN pg_constraint c ON c.conrelid = r.oid WHERE c.contype <> 't' AND (c.contype <> 'n' OR NOT c.convalidated)`,
  `SELECT 'trigger ' || r.name || '.' || g.tgname, pg_get_triggerdef(g.oid) || CASE g.tgenabled WHEN 'O' THEN '' ELSE ' enabled ' || g.tgenabled::text END
   FROM relations r JOIN pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal`,
  `SELECT 'policy ' || r.name || '.' || p.polname, concat_ws(' ', p.polcmd, CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
     'to ' || (SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END, ', ' ORDER BY role) FROM unnest(p.polroles) role),
     'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
   FROM relations r JOIN pg_policy p ON p.polrelid = r.oid`,
  `SELECT CASE r.relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END || r.name, pg_get_viewdef(r.oid)
   FROM relations r WHERE r.relkind IN ('v', 'm')`,
  `SELECT 'sequence ' || r.name, concat_ws(' ', format_type(s.seqtypid, -1), 'start', s.seqstart, 'by', s.seqincrement, 'from', s.seqmin,
     'to', s.seqmax, CASE WHEN s.seqcycle THEN 'cycle' END)
   FROM relations r JOIN pg_sequence s ON s.seqrelid = r.oid
   WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'i')`,
  `SELECT 'grants on ' || r.name, acl(r.relacl) FROM relations r WHERE r.relacl IS NOT NULL`,
  `SELECT 'grants on ' || r.name || '.' || a.attname, acl(a.attacl) FROM relations r
   JOIN pg_attribute a ON a.attrelid = r.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped`,
  // Bodies can be long: their hash is enough to see a change.
  `SELECT 'function ' || n.name || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
     md5(CASE p.prokind WHEN 'a' THEN p.proname::text ELSE pg_get_functiondef(p.oid) END) || coalesce(' ' || acl(p.proacl), '')
   FROM spaces n JOIN pg_proc p ON p.pronamespace = n.oid WHERE NOT own('pg_proc', p.oid)`,
  `SELECT 'type ' || n.name || '.' || t.typname, (SELECT 'enum ' || string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
   FROM spaces n JOIN pg_type t ON t.typnamespace = n.oid WHERE t.typtype = 'e' AND NOT own('pg_type', t.oid)`,
  `SELECT 'domain ' || n.name || '.' || t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'not null' END,
     'default ' || t.typdefault,
     (SELECT string_agg(conname || ' ' || pg_get_constraintdef(c.oid), ', ' ORDER BY conname) FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'))
   FROM spaces n JOIN pg_type t ON t.typnamespace = n.oid WHERE t.typtype = 'd' AND NOT own('pg_type', t.oid)`,
  `SELECT 'type ' || r.name, (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped)
   FROM relations r WHERE r.relkind = 'c'`,
  `SELECT 'extension ' || extname, extversion FROM pg_extension WHERE extname <> 'plpgsql'`,
];

/** In the order of their text, so that two grants given in another order are the same. */
const acl = (array: string): string =>
  `(SELECT string_agg(item::text, ', ' ORDER BY item::text) FROM unnest(${array}) item)`;

/** Whether an extension created it. */
const own = (catalog: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

const filled = (sql: string): string =>
  sql
    .replaceAll(/\bacl\(([\w.]+)\)/g, (_, array: string) => acl(array))
    .replaceAll(/\bown\('(\w+)', ([\w.]+)\)/g, (_, catalog: string, oid: string) => own(catalog, oid));

export const catalogSql = `WITH spaces AS (
  SELECT oid, nspname AS name FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND ${filled("NOT own('pg_namespace', pg_namespace.oid)")}
    AND (nspname = ANY (current_schemas(false)) OR pg_get_userbyid(nspowner) = current_user)
), relations AS (
  SELECT c.*, n.name || '.' || c.relname AS name FROM spaces n JOIN pg_class c ON c.relnamespace = n.oid
  WHERE NOT c.relispartition AND c.oid IS DISTINCT FROM to_regclass($1) AND c.oid IS DISTINCT FROM to_regclass($2)
    AND ${filled("NOT own('pg_class', c.oid)")}
) SELECT * FROM (${objects.map(filled).join('\nUNION ALL\n')}) AS object (name, definition)`;
