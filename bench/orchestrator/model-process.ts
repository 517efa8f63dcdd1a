// Runs sequences of the model test from a seed of its own, and prints what it found as one line of JSON.

import fc from 'fast-check';
import { anySequence, runSequence } from '../../test/model/commands.ts';
import { newTally } from '../../test/model/tally.ts';

const [seed = 0, sequences = 0, acts = 0, limitMs = 0] = process.argv.slice(2).map(Number);

const tally = newTally();
const property = fc.asyncProperty(anySequence(acts), (sequence) => runSequence(sequence, tally));
const {
  failed,
  seed: ownSeed,
  counterexamplePath,
  counterexample,
  errorInstance,
} = await fc.check(property, {
  seed,
  numRuns: sequences,
  interruptAfterTimeLimit: limitMs,
});
const found = failed
  ? { seed: ownSeed, path: counterexamplePath, shortest: fc.stringify(counterexample), error: String(errorInstance) }
  : undefined;
console.log(JSON.stringify({ found, counts: tally.all() }));
process.exit(0);
