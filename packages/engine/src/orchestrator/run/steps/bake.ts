// All users are on the new side and the old one stays warm; a crash, ill health or too many errors reverts the switch.

import { done, type Named, noActions, type Step } from '../step.ts';
import { keepWatch } from './watching.ts';

interface Bake extends Named<'bake'> {
  readonly bakeMs: number;
}

export const bake: Step<Bake> = {
  name: 'bake',
  title: ({ bakeMs }) => `bake for ${Math.round(bakeMs / 1000)} s`,
  moves: 'none',
  waitsFor: 'time',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 'waits',
  run: async (context) => {
    const { step, sharedSince: sinceMs } = context;
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
