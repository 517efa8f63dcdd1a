// Whose rights count. Roles belong to a server, not to a database: those that production's schema names are made on the
// scratch server too, without a password and without the right to log in.

import type { Session } from '../session.ts';
import { quoted } from './session.ts';

export interface ScratchRoles {
  /** Runs the files; undefined: the role that the scratch server's address names. */
  readonly migrator: string | undefined;
  /** Prepares statements and runs smoke tests. */
  readonly application: string | undefined;
}

export interface ProductionRoles {
  /** Those that own something in this database or are granted something, and the one that asks. */
  readonly all: readonly string[];
  /** The one that asks, with what it may do here; undefined for a superuser. */
  readonly current: { readonly name: string; readonly owns: boolean; readonly creates: boolean } | undefined;
}

export async function rolesOf(production: Session): Promise<ProductionRoles> {
  const rows = await production.ask(`
    SELECT DISTINCT r.rolname AS name FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_authid'::regclass AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION SELECT current_user`);
  const [me] = (await production.ask(`
    SELECT r.rolname AS name, r.rolsuper AS super, d.datdba = r.oid AS owns, has_database_privilege(d.oid, 'CREATE') AS creates
    FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`)) as unknown as readonly (NonNullable<
    ProductionRoles['current']
  > & {
    readonly super: boolean;
  })[];
  const all = rows.map(({ name }) => String(name)).filter((name) => !name.startsWith('pg_'));
  // A superuser has all rights everywhere: taking its name without its power would only invent refusals.
  return { all, current: me?.super ? undefined : me };
}

/** Makes those that are missing, and lets the scratch user act for each. Returns those it may not act for. */
export async function ensureRoles(scratch: Session, names: readonly string[]): Promise<readonly string[]> {
  const denied: string[] = [];
  for (const name of names) if (!(await ensureRole(scratch, name))) denied.push(name);
  return denied;
}

async function ensureRole(scratch: Session, name: string): Promise<boolean> {
  const has = await scratch.ask('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  try {
    if (has.length === 0) await scratch.execute(`CREATE ROLE ${quoted(name)} NOLOGIN`);
    const [may] = await scratch.ask("SELECT pg_has_role($1, 'MEMBER') AS ok", [name]);
    if (may?.ok !== true) await scratch.execute(`GRANT ${quoted(name)} TO CURRENT_USER`);
    return true;
  } catch {
    return false;
  }
}

/** What the role that migrates may do with the database itself, which no dump of a schema holds. */
export async function entitle(
  scratch: Session,
  database: string,
  { name, owns, creates }: NonNullable<ProductionRoles['current']>,
): Promise<void> {
  if (owns) await scratch.execute(`ALTER DATABASE ${quoted(database)} OWNER TO ${quoted(name)}`);
  else if (creates) await scratch.execute(`GRANT CREATE ON DATABASE ${quoted(database)} TO ${quoted(name)}`);
}
