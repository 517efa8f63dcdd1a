import { done, failed, type Named, type Step } from '../step.ts';
import { createAsking } from './asking.ts';
import { movingOn } from './moving-on.ts';
import { keepWatch, promoteFor } from './watching.ts';

interface Watch extends Named<'watch'> {
  readonly percent: number;
  readonly watchMs: number;
}

const noAnswer = 'not enough to judge, and no person decided before the deadline of an approval';

export const watch: Step<Watch> = {
  name: 'watch',
  title: ({ percent, watchMs }) => `watch ${percent} % for ${Math.round(watchMs / 1000)} s`,
  moves: 'none',
  waitsFor: 'time',
  isStartingSide: false,
  actions: ({ row }) => movingOn(row, `Ends this watch now and goes on with ${row.version}.`),
  promote: 'cut-short',
  limitMs: 'waits',
  run: async (context) => {
    const { step, target, sharedSince: sinceMs } = context;
    const { patienceMs, atEnd } = target.settings.judge;
    const asking = createAsking(context);
    return keepWatch(context, {
      judged: true,
      sinceMs,
      lengthMs: step.watchMs,
      decide: ({ judgement, paused, watchedMs }) => {
        const moved = promoteFor(context);
        if (moved) return moved;
        if (paused)
          return asking.isUnanswered() ? failed('inconclusive', `${noAnswer}: ${judgement.sentence}`) : undefined;
        if (watchedMs < step.watchMs) return undefined;
        if (judgement.verdict === 'Successful') return done(judgement.sentence);
        const sentence = `still not enough to judge: ${judgement.sentence}`;
        if (watchedMs < asking.from(step.watchMs) + patienceMs) return undefined;
        return atEnd === 'abort' ? failed('inconclusive', sentence) : asking.ask(sentence, watchedMs);
      },
    });
  },
  undo: 'nothing-to-undo',
};
