// Foreign keys of a shape, as each driver writes them.

import { type SchemaShape, tablesIn } from '../shape.ts';

export interface Reference {
  readonly table: string;
  readonly column: string;
}

/** `FOREIGN KEY (a) REFERENCES t(x)`, `a → t.x,b → t.y`, `(a) to t(x)`. */
const patterns: readonly RegExp[] = [
  /FOREIGN KEY \((?<from>[^)]+)\) REFERENCES (?<table>[^(]+)\((?<to>[^)]+)\)/,
  /\((?<from>[^)]+)\) to (?<table>[^(]+)\((?<to>[^)]*)\)/,
];

/** What a column's value must be found in. */
export function referenceOf(shape: SchemaShape, table: string, column: string): Reference | undefined {
  return referencesOf(shape, table).find(({ from }) => from.toLowerCase() === column.toLowerCase());
}

export function referencesOf(shape: SchemaShape, table: string): readonly (Reference & { readonly from: string })[] {
  return Object.entries(shape.rules).flatMap(([name, rule]) => {
    if (rule.kind !== 'foreign key' || rule.table !== table) return [];
    return pairsIn(`${name} ${rule.definition}`).map((pair) => ({ ...pair, table: nameIn(shape, pair.table) }));
  });
}

function pairsIn(text: string): readonly (Reference & { readonly from: string })[] {
  const arrows = [...text.matchAll(/(\w+) → (\w+)\.(\w+)/g)];
  if (arrows.length > 0) return arrows.map(([, from = '', table = '', column = '']) => ({ from, table, column }));
  const found = patterns.map((pattern) => pattern.exec(text)?.groups).find((groups) => groups !== undefined);
  const names = (list = ''): readonly string[] => list.split(',').map((name) => name.trim().replaceAll('"', ''));
  const to = names(found?.to);
  return found ? names(found.from).map((from, at) => ({ from, table: found.table ?? '', column: to[at] ?? '' })) : [];
}

function nameIn(shape: SchemaShape, written: string): string {
  const name = written.trim().replaceAll('"', '');
  return tablesIn(shape).find((each) => each === name || name.endsWith(`.${each}`)) ?? name;
}
