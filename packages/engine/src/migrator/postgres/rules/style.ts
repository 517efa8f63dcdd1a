// Taste and foresight: reported only on request, except for names that the server cuts off.

import type { ColumnDef } from 'libpg-query';
import { type Hazard, hazards, noHazard } from '../../lint/rule.ts';
import { anyOf, onAlter, type PostgresRule } from './postgres-rule.ts';
import { baseType, body, constraintsOf, nameOf, typeModifiers } from './tree.ts';

const onColumn = (look: (column: ColumnDef, table: string) => string | undefined): PostgresRule['check'] =>
  anyOf(
    ({ node }) => {
      const create = body(node, 'CreateStmt');
      const columns = (create?.tableElts ?? []).flatMap((each) => body(each, 'ColumnDef') ?? []);
      return hazards(...columns.map((column) => said(look(column, nameOf(create?.relation ?? {})))));
    },
    onAlter(['AT_AddColumn'], ({ command, table }) => {
      const column = body(command.def, 'ColumnDef');
      return column === undefined ? undefined : said(look(column, table));
    }),
  );

const said = (message: string | undefined): Hazard | undefined =>
  message === undefined ? undefined : { message, safe: undefined };

const style = (id: string, check: PostgresRule['check']): PostgresRule => ({
  id,
  classes: ['style'],
  allowedIn: [],
  severity: 'warning',
  check,
});

const ofType = (types: readonly string[], why: string): PostgresRule['check'] =>
  onColumn((column, table) =>
    types.includes(baseType(column.typeName)) ? `${table}.${column.colname}: ${why}` : undefined,
  );

export const identifierTooLong: PostgresRule = style('identifier-too-long', ({ text }) => {
  if (text.length < 64) return noHazard;
  const bare = text.replaceAll(/'(?:[^']|'')*'|--[^\n]*|\$(\w*)\$[\s\S]*?\$\1\$/g, '');
  const long = bare
    .match(/"[^"]+"|[\p{L}_][\p{L}\p{N}_$]*/gu)
    ?.find((name) => Buffer.byteLength(name.replaceAll('"', '')) > 63);
  return hazards(
    said(
      long === undefined
        ? undefined
        : `the server cuts ${long} off after 63 bytes: another long name may become the same`,
    ),
  );
});

/** Off by default. */
export const styleRules: readonly PostgresRule[] = [
  style('ban-char-field', ofType(['bpchar'], 'char(n) pads with spaces and compares oddly: use text with a CHECK')),
  style(
    'prefer-bigint-over-int',
    ofType(
      ['int4', 'serial', 'serial4'],
      'an int is full after 2 147 483 647 rows, and growing it writes the table again: use bigint',
    ),
  ),
  style(
    'prefer-bigint-over-smallint',
    ofType(
      ['int2', 'smallserial', 'serial2'],
      'a smallint is full after 32 767, and growing it writes the table again: use bigint',
    ),
  ),
  style(
    'prefer-identity',
    ofType(
      ['serial', 'serial4', 'bigserial', 'serial8', 'smallserial', 'serial2'],
      'a serial’s sequence has rights of its own: use GENERATED … AS IDENTITY',
    ),
  ),
  style(
    'prefer-timestamp-tz',
    ofType(['timestamp'], 'a timestamp without time zone means another moment to each session: use timestamptz'),
  ),
  style(
    'prefer-text-field',
    onColumn(({ typeName, colname }, table) =>
      baseType(typeName) === 'varchar' && typeModifiers(typeName).length > 0
        ? `${table}.${colname}: making a varchar shorter writes the table again: use text with a CHECK, which can be changed beside the writers`
        : undefined,
    ),
  ),
  style('require-enum-value-ordering', ({ node }) => {
    const value = body(node, 'AlterEnumStmt');
    const isPlaced = value === undefined || value.newValNeighbor !== undefined || value.oldVal !== undefined;
    return hazards(
      said(
        isPlaced ? undefined : `${value.newVal} is sorted behind all others: say BEFORE or AFTER which one it belongs`,
      ),
    );
  }),
  style('wide-index', ({ node }) => {
    const index = body(node, 'IndexStmt');
    const isWide = (index?.indexParams?.length ?? 0) > 3 && index?.unique !== true;
    return hazards(
      said(
        isWide
          ? `${index?.idxname ?? 'the index'} has more than three columns: each write pays for all of them`
          : undefined,
      ),
    );
  }),
  style('require-table-schema', ({ node }) => {
    const relation = body(node, 'CreateStmt')?.relation;
    const isOpen = relation !== undefined && relation.schemaname === undefined && relation.relpersistence !== 't';
    return hazards(
      said(isOpen ? `the search path decides in which schema ${relation.relname} is made: name it` : undefined),
    );
  }),
  style('required-primary-key', ({ node }) => {
    const create = body(node, 'CreateStmt');
    const elements = create?.tableElts ?? [];
    const has = elements.some(
      (each) =>
        body(each, 'Constraint')?.contype === 'CONSTR_PRIMARY' ||
        constraintsOf(body(each, 'ColumnDef')?.constraints).some(({ contype }) => contype === 'CONSTR_PRIMARY'),
    );
    const isPlain = create?.partbound === undefined && create?.inhRelations === undefined;
    return hazards(
      said(
        create === undefined || has || !isPlain
          ? undefined
          : `${nameOf(create.relation ?? {})} has no primary key: no backfill can walk it`,
      ),
    );
  }),
];
