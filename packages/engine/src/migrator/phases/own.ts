// Which objects of a database are this service's own. Several services, monitoring and extensions may share one database:
// what they change in objects that no migration of this service names is no hand edit of its schema. Pure.

import type { Catalog } from '../database.ts';
import { withoutComments } from '../files/code.ts';
import { filesOf, type Migration } from '../files/migration.ts';

export interface Ownership {
  /** Schemas in which an unqualified name is found; undefined where a database has one only. */
  readonly path: readonly string[] | undefined;
  /** Tables that others change too, as configured: `users`, `audit.log`, `report_*`. */
  readonly shared: readonly string[];
}

/** The part of a catalog that belongs to these migrations. */
export function ownPart(catalog: Catalog, migrations: readonly Migration[], { path, shared }: Ownership): Catalog {
  const named = namesIn(migrations);
  const sharedPatterns = shared.map(patternOf);
  const isOwn = ({ schema, subjects }: CatalogObject): boolean => {
    if (schema !== undefined && path !== undefined && !path.includes(schema) && !named.has(schema.toLowerCase()))
      return false;
    const isShared = subjects.some((subject) =>
      sharedPatterns.some((pattern) => pattern.test(subject) || pattern.test(`${schema ?? ''}.${subject}`)),
    );
    return !isShared && subjects.some((subject) => named.has(subject.toLowerCase()) || isSerialOf(named, subject));
  };
  const entries = Object.entries(catalog).filter(([name, definition]) => isOwn(objectOf(name, definition, path)));
  return Object.fromEntries(entries);
}

/** The sequence that the server makes for a `serial` column has a name that it composes: table, column and `seq`. */
function isSerialOf(named: ReadonlySet<string>, subject: string): boolean {
  const parts = subject.toLowerCase().split('_');
  if (parts.length < 3 || parts.at(-1) !== 'seq') return false;
  return parts
    .slice(1, -1)
    .some((_, at) => named.has(parts.slice(0, at + 1).join('_')) && named.has(parts.slice(at + 1, -1).join('_')));
}

/** Every word of the statements, in lower case: one watched object too many is better than one too few. */
function namesIn(migrations: readonly Migration[]): ReadonlySet<string> {
  const words = migrations
    .flatMap(filesOf)
    .flatMap(({ text }) => withoutComments(text).match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []);
  return new Set(words.map((word) => word.toLowerCase()));
}

interface CatalogObject {
  readonly schema: string | undefined;
  /** The object itself, and the table that it belongs to. */
  readonly subjects: readonly string[];
}

const kinds =
  /^(materialized view|grants on|foreign key|schema|table|column|index|constraint|trigger|policy|view|sequence|function|type|domain|extension|check|routine|event) /;
/** Of an index or a trigger: its name does not say to whom it belongs. */
const onTable = /\bON\s+(?:ONLY\s+)?(?:(?:"[^"]+"|[\w$]+)\.)?("[^"]+"|`[^`]+`|[\p{L}\w$]+)/iu;

function objectOf(name: string, definition: string, path: Ownership['path']): CatalogObject {
  const [kind = '', word = ''] = kinds.exec(name) ?? [];
  const parts = name.slice(kind.length).split('(')[0]?.split('.') ?? [];
  const hasSchema = path !== undefined && parts.length > 1;
  const table = word === 'index' || word === 'trigger' ? onTable.exec(definition)?.[1] : undefined;
  const subject = parts[hasSchema ? 1 : 0] ?? name;
  return {
    schema: hasSchema ? parts[0] : undefined,
    subjects: table === undefined ? [subject] : [subject, table.replaceAll(/["`]/g, '')],
  };
}

function patternOf(shared: string): RegExp {
  const escaped = shared.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'i');
}
