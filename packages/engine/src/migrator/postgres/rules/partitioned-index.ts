// An index of a partitioned table, built while services use it: the server refuses CONCURRENTLY on the table itself, so
// its index is made empty (ON ONLY), each partition's is built by itself, and then they are attached.

import type { IndexStmt } from 'libpg-query';
import type { Section } from '../../lint/rule.ts';
import { type History, partitionsOf } from './history.ts';
import { indexName } from './names.ts';
import { nameOf, print, relationSql } from './tree.ts';

export function partitionedIndex(index: IndexStmt, history: History, stage: 'expand' | 'contract'): readonly Section[] {
  const levels = levelsOf(index, history);
  const [top, ...below] = levels;
  if (top === undefined) return [];
  return [
    ...levels
      .filter(({ isDivided }) => isDivided)
      .map((each, place): Section => [place === 0 ? stage : `then ${stage}`, made(each, false)]),
    ...levels
      .filter(({ isDivided }) => !isDivided)
      .map((each): Section => [`then ${stage}, @no-transaction`, made(each, true)]),
    ...(below.length === 0 ? [] : [[`then ${stage}`, ...below.toReversed().map(attached)] as const]),
  ];
}

interface Level {
  readonly index: IndexStmt;
  /** The index of the table above. */
  readonly above: string | undefined;
  readonly isDivided: boolean;
}

function levelsOf(index: IndexStmt, history: History, above?: string): readonly Level[] {
  const { relation } = index;
  const named: IndexStmt = { ...index, idxname: index.idxname ?? indexName(index) };
  const parts = partitionsOf(history, nameOf(relation ?? {}));
  const below = [...(parts?.parts ?? [])].flatMap((part) => {
    const [relname = '', schemaname] = part.split('.').toReversed();
    const at = { relname, inh: true, relpersistence: 'p', ...(schemaname !== undefined && { schemaname }) };
    const { idxname, ...unnamed } = named;
    return levelsOf({ ...unnamed, relation: at }, history, indexSql(named));
  });
  return [{ index: named, above, isDivided: parts !== undefined }, ...below];
}

const indexSql = ({ relation, idxname = '' }: IndexStmt): string =>
  relationSql({ relname: idxname, ...(relation?.schemaname !== undefined && { schemaname: relation.schemaname }) });

const made = ({ index }: Level, concurrent: boolean): string => {
  const { concurrent: asWritten, ...plain } = index;
  const sql = print({ IndexStmt: { ...plain, ...(concurrent && { concurrent }) } });
  // The printer does not know ONLY in this place.
  const named = ` ON ${relationSql(index.relation ?? {})} `;
  return `${concurrent ? sql : sql.replace(named, named.replace(' ON ', ' ON ONLY '))};`;
};

const attached = ({ index, above }: Level): string => `ALTER INDEX ${above} ATTACH PARTITION ${indexSql(index)};`;
