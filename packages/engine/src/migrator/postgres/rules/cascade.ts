// What CASCADE would take along, dropped by name: as far as these migrations show it.

import type { Section } from '../../lint/rule.ts';
import { type History, isKnownTable } from './history.ts';
import { readersOf, referrersOf } from './readers.ts';
import { quoted, strings } from './tree.ts';

const words = { view: 'VIEW', 'materialized view': 'MATERIALIZED VIEW', trigger: 'TRIGGER', policy: 'POLICY' } as const;

/** Files that drop by name what reads or references a table or column; undefined where that is not known. */
export function droppedFirst(history: History, table: string, column?: string): readonly Section[] | undefined {
  if (!isKnownTable(history, table)) return undefined;
  const known = history.tables.get(table);
  if (column !== undefined && [...(known?.columns.values() ?? [])].some(({ isServers }) => isServers)) return undefined;
  const keys = referrersOf(history, table, column).map(
    ({ table: of, name }): Section => ['then contract', `ALTER TABLE ${dotted(of)} DROP CONSTRAINT ${quoted(name)};`],
  );
  const readers = readersFirst(history, table, column).map((line): Section => ['then contract', line]);
  return [...readers, ...keys];
}

/** The same for a constraint: only foreign keys depend on it. */
export function droppedBeforeKey(history: History, table: string, name: string): readonly Section[] | undefined {
  const key = history.tables.get(table)?.constraints.get(name);
  if (key === undefined) return undefined;
  const columns = key.columns.length > 0 ? key.columns : strings(key.node.keys);
  return referrersOf(history, table)
    .filter((each) =>
      referrersOf(history, table, columns[0]).some(
        ({ table: of, name: same }) => of === each.table && same === each.name,
      ),
    )
    .map(({ table: of, name: foreign }) => [
      'then contract',
      `ALTER TABLE ${dotted(of)} DROP CONSTRAINT ${quoted(foreign)};`,
    ]);
}

/** Views of views first. */
function readersFirst(history: History, table: string, column?: string): readonly string[] {
  const lines = readersOf(history, table, column).flatMap(({ name, kind }) => {
    // Triggers and policies go with their table.
    if (kind === 'trigger' || kind === 'policy') {
      const [called = '', of = ''] = name.split(' on ');
      return column === undefined ? [] : [`DROP ${words[kind]} ${quoted(called)} ON ${dotted(of)};`];
    }
    return [...readersFirst(history, name), `DROP ${words[kind]} ${dotted(name)};`];
  });
  return [...new Set(lines)];
}

const dotted = (name: string): string => name.split('.').map(quoted).join('.');

/** The first of the files begins with `contract`. */
export const inTurn = (sections: readonly Section[]): readonly Section[] =>
  sections.map(([name, ...lines], index): Section => [index === 0 ? 'contract' : name, ...lines]);
