// What ran on a copy, for people: a line for each statement, then each step, then what is left.

import type { TryView } from '@bg/engine';
import type { Light } from './light.ts';
import { tableLines } from './table.ts';

export function tryLines(view: TryView, { paint }: Light): readonly string[] {
  const { name, version, copy, steps, statements, waiting, ok, problem, hint, tookMs } = view;
  return [
    paint.bold(`migrations of ${name} with ${version}, on ${copy}`),
    ...(statements.length + steps.length === 0 && ok ? ['  nothing was pending'] : []),
    ...tableLines(
      statements.map(({ file, line, text, tookMs: took, rows, locks }) => [
        `  ${file}:${line}`,
        `${took} ms`,
        rows === undefined ? '' : `${rows} rows`,
        locks === undefined ? 'locks not seen' : locks.join('; ') || 'no lock on a table that was there',
        paint.dim(text),
      ]),
    ),
    ...steps.map(
      ({ phase, ids, tookMs: took, rows }) =>
        `  ${phase} ${ids.join(', ')}: ${took} ms${rows === undefined ? '' : `, ${rows} rows`}`,
    ),
    ...waiting.map(({ id, why }) => `  contract ${id} waits: ${why}`),
    ...(problem === undefined ? [] : [`  ${paint.red('✗')} ${problem}`]),
    ...(hint === undefined ? [] : [`    ${hint}`]),
    ok
      ? `It runs on the copy, in ${tookMs} ms. The live database was not changed.`
      : 'It fails on the copy. The live database was not changed.',
  ];
}
