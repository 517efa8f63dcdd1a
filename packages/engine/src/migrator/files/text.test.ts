// Texts that were made to cost time: a release contains them, and the process that reads them also moves deployments.

import { expect, it } from 'vitest';
import { readText } from './text.ts';

it.each([
  ['COPY that ends nowhere', 'COPY '],
  ['COPY with half of its end', 'COPY FROM '],
  ['lines that look like commands', '.a\n'],
  ['comments that end nowhere', '/* '],
  ['quoted bodies that end nowhere', '$a$ $b$ '],
  ['marks that turn the text', '\u202e\n'],
])('is read at once: %s, 60,000 times', (_what, part) => {
  const began = performance.now();
  readText('001_a.expand.sql', Buffer.from(part.repeat(60_000)));
  expect(performance.now() - began).toBeLessThan(5_000);
});

it('names each COPY that waits for rows, by its line, and no other', () => {
  const text =
    'COPY a FROM STDIN;\nCOPY b TO STDOUT; SELECT 1;\n\ncopy c (id)\n from\tstdin;\nCOPY d FROM PROGRAM x; -- FROM STDIN';
  const { problems } = readText('001_a.expand.sql', Buffer.from(text));
  expect(problems.map(({ line }) => line)).toEqual([1, 4]);
});
