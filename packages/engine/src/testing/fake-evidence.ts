// A source of evidence that answers what a test puts into it, by the name of the check.

import { z } from 'zod';
import { matching, yesNo } from '../config/kit/values.ts';
import type { Answer } from '../domain/evidence.ts';
import type { EvidenceDriver } from '../evidence/driver.ts';

const keys = z
  .strictObject({
    of: matching(/^[a-z-]{1,32}$/, 'a name').describe('Which answers.'),
    pair: yesNo().describe('Whether they are pairs of counters.').optional(),
  })
  .describe('For tests.');

type Ask = () => Answer | Promise<Answer>;

const answers = new Map<string, Ask>();

/** From now on, in this process. */
export function answerWith(of: string, ask: Ask): void {
  answers.set(of, ask);
}

export const fakeEvidence: EvidenceDriver<typeof keys, { readonly of: string }> = {
  name: 'fake',
  summary: 'for tests',
  keys,
  takesAuthorization: true,
  isPair: (own) => own?.pair === true,
  resolve: ({ of }) => ({ of }),
  describe: ({ of }) => `what the test says of ${of}`,
  create: ({ settings: { of } }) => ({
    ask: async () => (await answers.get(of)?.()) ?? { kind: 'none', why: 'empty', sentence: 'the test says nothing' },
    shown: () => [of],
  }),
};
