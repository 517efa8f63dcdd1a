// What a statement reads and writes, read only from its tokens. Too much where that is not enough: any name that is
// neither a table nor called could be a column.

import { type Gathered, nothingGathered, useOfMentions } from '../../evidence/mentions.ts';
import { theTable, type Use } from '../../evidence/needs.ts';
import { isWord, parseMariadb } from '../parse.ts';
import { after, begins, inside, outside, parts } from '../rules/tokens-of.ts';
import { kindOf } from '../statement-kind.ts';
import type { Token } from '../tokens.ts';

/** Undefined for what is not one statement that reads or writes rows. */
export function readMariadbUse(statement: string): Use | undefined {
  const parsed = parseMariadb(statement);
  const [only, ...more] = parsed.ok ? parsed.statements : [];
  if (only === undefined || more.length > 0 || kindOf(only) !== 'data') return undefined;
  const gathered = nothingGathered();
  const { tokens } = only;
  const named = gatherTables(tokens, gathered);
  gatherColumns(tokens, named, gathered);
  if (isWord(tokens[0], 'INSERT', 'REPLACE')) gatherInsert(tokens, gathered);
  if (isWord(tokens[0], 'UPDATE')) gatherAssigned(tokens, gathered.tables[0]?.name ?? '', gathered);
  if (isWord(tokens[0], 'DELETE'))
    gathered.written.push({ table: theTable(gathered.tables[0]?.name ?? ''), columns: undefined });
  return useOfMentions(gathered);
}

const isName = (token: Token | undefined): boolean => token?.kind === 'word' || token?.kind === 'name';
const plain = (token: Token | undefined): string =>
  token?.kind === 'name' ? token.text.slice(1, -1).replaceAll('``', '`') : (token?.text ?? '');

const noAlias = [
  ...['WHERE', 'ON', 'USING', 'SET', 'ORDER', 'GROUP', 'LIMIT', 'JOIN', 'LEFT', 'RIGHT', 'INNER', 'CROSS', 'NATURAL'],
  ...[
    'STRAIGHT_JOIN',
    'UNION',
    'EXCEPT',
    'INTERSECT',
    'HAVING',
    'FOR',
    'VALUES',
    'VALUE',
    'SELECT',
    'PARTITION',
    'USE',
  ],
  ...['FORCE', 'IGNORE', 'WINDOW', 'RETURNING', 'LOCK', 'DUPLICATE', 'WITH'],
];

/** @returns places that name a table or its alias, and so no column */
function gatherTables(tokens: readonly Token[], gathered: Gathered): ReadonlySet<number> {
  const places = new Set<number>();
  for (const at of tokens.keys()) {
    if (isName(tokens[at]) && isWord(tokens[at + 1], 'AS') && tokens[at + 2]?.text === '(')
      gathered.own.push(plain(tokens[at]));
    if (!namesTable(tokens, at)) continue;
    for (const { name, alias, from, to } of tablesFrom(tokens, skipWords(tokens, at + 1))) {
      gathered.tables.push({ name, alias });
      for (let place = from; place < to; place += 1) places.add(place);
    }
  }
  return places;
}

interface TableName {
  readonly name: string;
  readonly alias: string | undefined;
  /** The first token of it, and the first after it. */
  readonly from: number;
  readonly to: number;
}

/** A list with commas. */
function* tablesFrom(tokens: readonly Token[], start: number): Generator<TableName> {
  for (let from = start; isName(tokens[from]); ) {
    const table = tableAt(tokens, from);
    yield table;
    if (tokens[table.to]?.text !== ',') return;
    from = table.to + 1;
  }
}

/** `schema.name AS alias`; only the name is a must. */
function tableAt(tokens: readonly Token[], from: number): TableName {
  const isLong = tokens[from + 1]?.text === '.';
  const name = isLong ? `${plain(tokens[from])}.${plain(tokens[from + 2])}` : plain(tokens[from]);
  const afterName = from + (isLong ? 3 : 1);
  const place = isWord(tokens[afterName], 'AS') ? afterName + 1 : afterName;
  const hasAlias = isName(tokens[place]) && !isWord(tokens[place], ...noAlias);
  return { name, alias: hasAlias ? plain(tokens[place]) : undefined, from, to: hasAlias ? place + 1 : place };
}

function namesTable(tokens: readonly Token[], at: number): boolean {
  if (isWord(tokens[at], 'FROM', 'JOIN', 'INTO', 'STRAIGHT_JOIN')) return true;
  return (
    at === 0 && (isWord(tokens[0], 'UPDATE') || (isWord(tokens[0], 'INSERT', 'REPLACE') && !isWord(tokens[1], 'INTO')))
  );
}

function skipWords(tokens: readonly Token[], from: number): number {
  let at = from;
  while (isWord(tokens[at], 'LOW_PRIORITY', 'HIGH_PRIORITY', 'DELAYED', 'IGNORE', 'QUICK', 'LATERAL')) at += 1;
  return isWord(tokens[at], 'INTO', 'DUAL') ? tokens.length : at;
}

function gatherColumns(tokens: readonly Token[], named: ReadonlySet<number>, gathered: Gathered): void {
  for (const [at, token] of tokens.entries()) {
    const [before, next] = [tokens[at - 1], tokens[at + 1]];
    const of = before?.text === '.' ? plain(tokens[at - 2]) : undefined;
    if (token.text === '*') {
      if (of !== undefined) gathered.stars.push(of);
      else if (before?.text === ',' || isWord(before, 'SELECT', 'DISTINCT', 'ALL', 'RETURNING'))
        gathered.stars.push(undefined);
    } else if (isName(token) && !named.has(at) && !token.text.startsWith('@') && next?.text !== '.') {
      if (next?.text === '(' && of === undefined) gathered.routines.push(plain(token));
      else gathered.columns.push({ of, name: plain(token) });
    }
  }
}

function gatherInsert(tokens: readonly Token[], gathered: Gathered): void {
  const table = gathered.tables[0]?.name ?? '';
  const head = after(tokens.slice(1), 'LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY', 'IGNORE', 'INTO');
  const rest = head.slice(head[1]?.text === '.' ? 3 : 1);
  const list = rest[0]?.text === '(' && !isWord(rest[1], 'SELECT', 'WITH') ? inside(rest) : undefined;
  const columns = begins(rest, 'SET')
    ? assignedIn(rest)
    : list?.flatMap((token) => (isName(token) ? [plain(token)] : []));
  const at = tokens.findIndex((token) => isWord(token, 'VALUES', 'VALUE'));
  gathered.written.push({ table, columns });
  gathered.inserts.push({ table, columns, values: at === -1 ? undefined : parts(inside(tokens.slice(at))).length });
  const update = tokens.findIndex((token, place) => isWord(token, 'UPDATE') && isWord(tokens[place - 1], 'KEY'));
  if (update > 0) gathered.written.push({ table, columns: assignedIn(tokens.slice(update)) });
}

function gatherAssigned(tokens: readonly Token[], table: string, gathered: Gathered): void {
  const at = tokens.findIndex((token) => isWord(token, 'SET'));
  gathered.written.push({ table, columns: assignedIn(tokens.slice(at)) });
  // With several tables, this does not show which one has the column.
  for (const { name } of gathered.tables.slice(1)) gathered.written.push({ table: name, columns: undefined });
}

/** Names before `=`, of `SET a = 1, t.b = 2 WHERE …`. */
function assignedIn([, ...tokens]: readonly Token[]): readonly string[] {
  const top = outside(tokens);
  const end = top.findIndex((token) => isWord(token, 'WHERE', 'ORDER', 'LIMIT', 'RETURNING', 'ON'));
  return parts(end === -1 ? top : top.slice(0, end)).flatMap((part) => {
    const at = part.findIndex(({ text }) => text === '=');
    return at > 0 ? [plain(part[at - 1])] : [];
  });
}
