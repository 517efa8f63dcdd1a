// Random sequences of commands, clicks, deaths of the controller, faults and jumps of time, on the real engine, compared
// with the rules after every act. The seed is fixed here, so that a run is repeatable; the bench draws its own.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anySequence, commandOf, runSequence } from './commands.ts';
import { keptSequences } from './kept.ts';
import { newTally } from './tally.ts';

const seed = 20_261_129;
const sequences = 25;
const acts = 25;
/** On a busy machine fewer are enough; the bench runs thousands. */
const limitMs = 20_000;

describe('the engine', () => {
  it('does what the rules say, whatever people, time and faults do in whatever order', async () => {
    const tally = newTally();
    const property = fc.asyncProperty(anySequence(acts), (sequence) => runSequence(sequence, tally));
    await fc.assert(property, { seed, numRuns: sequences, interruptAfterTimeLimit: limitMs });
    console.log(tally.sentence());
    expect(tally.count('accepted')).toBeGreaterThan(0);
  });

  it.each(keptSequences.map(({ was, plan, liveBefore, acts: kept }) => [was, plan, liveBefore, kept] as const))(
    'still does where it once did not: %s',
    async (_, plan, liveBefore, kept) => {
      await runSequence({ plan, liveBefore, commands: kept.map(commandOf) });
    },
  );
});
