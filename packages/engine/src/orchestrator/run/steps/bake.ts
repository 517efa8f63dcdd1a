// Everybody is on the new side and the old one stays warm; a crash, ill health or too many errors takes it back.

import { done, type Step } from '../step.ts';
import { keepWatch, shareSince } from './watching.ts';

export const bake: Step<'bake'> = {
  name: 'bake',
  limitMs: 'waits',
  run: async (context) => {
    const { step } = context;
    const sinceMs = shareSince(context);
    return keepWatch(context, {
      judged: true,
      sinceMs,
      lengthMs: step.bakeMs,
      decide: ({ judgement, paused, watchedMs }) =>
        paused || watchedMs < step.bakeMs ? undefined : done(`baked: ${judgement.sentence}`),
    });
  },
  undo: 'nothing-to-undo',
};
