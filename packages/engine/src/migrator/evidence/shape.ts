// A schema as statements see it, the same for all databases. Names are as one writes them: without the default schema
// (`users.email`, `billing.invoices.total`).

export interface SchemaShape {
  readonly relations: Readonly<Record<string, Relation>>;
  /** By `users.email`. */
  readonly columns: Readonly<Record<string, Column>>;
  /** By a name that is unique in the schema, such as `check users_age on users`. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** Functions and procedures by name, all their forms together; the text changes when one of them does. */
  readonly routines: Readonly<Record<string, string>>;
  /** Labels in order, by the name of the type. */
  readonly enums: Readonly<Record<string, readonly string[]>>;
  /** `SELECT on users to shop`. */
  readonly grants: readonly string[];
}

export interface Relation {
  readonly kind: 'table' | 'view';
  /** Text of a view; empty for a table. */
  readonly definition: string;
}

export interface Column {
  readonly table: string;
  readonly type: string;
  readonly notNull: boolean;
  /** The default as text; of an identity or generated column what fills it. Undefined: NULL when omitted. */
  readonly fallback: string | undefined;
  /** From 1. */
  readonly position: number;
}

/** What can refuse or change a write, or hide a row. */
export interface Rule {
  readonly kind: 'check' | 'foreign key' | 'unique' | 'exclusion' | 'trigger' | 'policy';
  readonly table: string;
  readonly definition: string;
  /** A trigger that runs before an INSERT and may fill what the statement omits. */
  readonly fillsInserts: boolean;
}

export const tablesIn = ({ relations }: SchemaShape): readonly string[] =>
  Object.entries(relations).flatMap(([name, { kind }]) => (kind === 'table' ? [name] : []));

/** An INSERT that omits it fails. */
export const isRequired = (column: Column): boolean => column.notNull && column.fallback === undefined;

/** In the order of their positions. */
export function columnsOf(shape: SchemaShape, table: string): readonly (readonly [name: string, Column])[] {
  return Object.entries(shape.columns)
    .filter(([, column]) => column.table === table)
    .map(([name, column]) => [name.slice(table.length + 1), column] as const)
    .sort(([, one], [, other]) => one.position - other.position);
}
