// A backfill file: one statement that goes through a table between two keys.

import { codeOf, lineAt } from './code.ts';
import type { Directive, DirectiveName } from './directives.ts';
import type { BackfillFile, FileProblem, SqlFile } from './migration.ts';

const defaultBatch = 1_000;
const largestBatch = 50_000;
const oneName = /(?:[A-Za-z_][\w$]*|"[^"\n]+"|`[^`\n]+`)/.source;
const tableName = new RegExp(`^${oneName}(?:\\.${oneName})?$`);
const columnName = new RegExp(`^${oneName}$`);

export function asBackfill(
  file: SqlFile,
  directives: readonly Directive[],
): { readonly backfill: BackfillFile; readonly problems: readonly FileProblem[] } {
  const said = (name: DirectiveName) => directives.find((each) => each.name === name);
  const table = said('table')?.value ?? '';
  const key = said('key')?.value ?? '';
  const batch = said('batch')?.value ?? String(defaultBatch);
  const verify = said('verify')?.value;
  const problem = (line: number | undefined, text: string) => ({ file: file.file, line, problem: text });
  const problems = [
    ...nameProblem('table', tableName, said('table')),
    ...nameProblem('key', columnName, said('key')),
    ...(/^[1-9]\d*$/.test(batch) && Number(batch) <= largestBatch
      ? []
      : [{ line: said('batch')?.line, problem: `expected a number of rows from 1 to ${largestBatch} after @batch` }]),
    ...(verify === undefined || /^select\b[^;]*;?$/i.test(verify)
      ? []
      : [{ line: said('verify')?.line, problem: 'expected one SELECT of one number after @verify' }]),
    ...statementProblems(file.text, key),
    ...targetProblems(codeOf(file.text), table),
  ].map((each) => problem(each.line, each.problem));
  return { backfill: { ...file, table, key, batch: Number(batch), verify: verify?.replace(/;$/, '') }, problems };
}

type Located = Omit<FileProblem, 'file'>;

function nameProblem(name: 'table' | 'key', pattern: RegExp, said: Directive | undefined): readonly Located[] {
  if (!said) return [{ line: undefined, problem: `needs \`-- @${name} …\`: ${meaning[name]}` }];
  return pattern.test(said.value)
    ? []
    : [{ line: said.line, problem: `expected one name after @${name}: ${meaning[name]}` }];
}

const meaning = {
  table: 'the table whose rows are gone through',
  key: 'its column by which they are gone through, unique and sorting',
};

function statementProblems(text: string, key: string): readonly Located[] {
  const code = codeOf(text);
  const at = (index: number, problem: string): Located => ({ line: lineAt(code, index), problem });
  const end = /;\s*\S/.exec(code);
  const first = /\S+/.exec(code);
  const other = [...code.matchAll(/(?<!:):([A-Za-z_]\w*)/g)].find(([, name]) => name !== 'from' && name !== 'to');
  return [
    ...(end ? [at(end.index + end[0].length - 1, 'a backfill is one statement; a second one begins here')] : []),
    ...(first && !/^(update|insert|delete|with|replace)$/i.test(first[0])
      ? [at(first.index, `a backfill is an UPDATE, an INSERT … SELECT or a DELETE, not ${first[0].toUpperCase()}`)]
      : []),
    ...(other ? [at(other.index, `${other[0]} is unknown; a backfill knows :from and :to`)] : []),
    ...rangeProblems(code, key, at),
  ];
}

/** The bounds are keys of `@table`: on another table they would pick other rows, and leave most as they are. */
function targetProblems(code: string, table: string): readonly Located[] {
  if (table === '') return [];
  const name = new RegExp(oneName, 'g');
  const last = (dotted: string): string => plain(dotted.match(name)?.at(-1));
  const changed = new RegExp(
    `\\b(?:UPDATE|DELETE\\s+FROM)\\s+(?:ONLY\\s+)?(${oneName}(?:\\.${oneName})?)(?:\\s+(?:AS\\s+)?(?!SET\\b|WHERE\\b|USING\\b)(${oneName}))?`,
    'i',
  ).exec(code);
  const bound = new RegExp(`(?:(${oneName})\\.)?${oneName}\\s+BETWEEN\\s+:from\\s+AND\\s+:to\\b`, 'i').exec(code);
  if (!bound) return [];
  const at = (problem: string): readonly Located[] => [{ line: lineAt(code, bound.index), problem }];
  const [, target = '', alias] = changed ?? [];
  const by = bound[1];
  if (by === undefined)
    return changed && last(target) !== last(table)
      ? at(
          `:from and :to are keys of ${table}, while the statement changes ${target}: say which table the bounded column belongs to`,
        )
      : [];
  const isAlias = new RegExp(`${escaped(table)}["\`]?\\s+(?:AS\\s+)?["\`]?${escaped(by)}\\b`, 'i').test(code);
  const isTarget = alias !== undefined && plain(alias) === plain(by) && last(target) === last(table);
  return isAlias || isTarget || plain(by) === last(table)
    ? []
    : at(`:from and :to are keys of ${table}, and ${by} is another table`);
}

const escaped = (name: string): string => name.replaceAll(/["`]/g, '').replaceAll(/[.$]/g, '\\$&');
const plain = (name = ''): string => name.replaceAll(/["`]/g, '').toLowerCase();

function rangeProblems(code: string, key: string, at: (index: number, problem: string) => Located): readonly Located[] {
  const wanted = `\`${key || 'id'} BETWEEN :from AND :to\``;
  const ranges = [...code.matchAll(new RegExp(`(${oneName})\\s+BETWEEN\\s+:from\\s+AND\\s+:to\\b`, 'gi'))];
  if (ranges.length === 0) return [{ line: undefined, problem: `must say ${wanted}, so that it can run in batches` }];
  const uses = [...code.matchAll(/(?<!:):(?:from|to)\b/g)].length;
  const elsewhere = ranges.find(([, column]) => key !== '' && plain(column) !== plain(key));
  if (elsewhere) return [at(elsewhere.index, `goes by ${elsewhere[1]}, while @key is ${key}`)];
  return uses === 2 * ranges.length ? [] : [{ line: undefined, problem: `:from and :to may stand in ${wanted} only` }];
}
