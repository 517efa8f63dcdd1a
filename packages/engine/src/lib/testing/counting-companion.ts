// A companion that counts from the number it was started with, hangs and ends when asked to. For companion.test.ts.

import { answerQuestions } from '../companion.ts';

const [first = '0'] = process.argv.slice(2);
let sum = BigInt(first);

answerQuestions((question) => {
  const [verb, number] = question as [string, bigint];
  if (verb === 'end') process.exit();
  if (verb === 'environment') return Object.keys(process.env);
  while (verb === 'hang') sum += 0n;
  sum += number;
  return [sum, Buffer.from(first)];
});
