import { done, failed, type Named, type Step } from '../step.ts';
import { movingOn } from './moving-on.ts';
import { keepWatch, promoteFor } from './watching.ts';

interface Watch extends Named<'watch'> {
  readonly percent: number;
  readonly watchMs: number;
}

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
    const patienceMs = target.settings.judge.patienceMs;
    return keepWatch(context, {
      judged: true,
      sinceMs,
      lengthMs: step.watchMs,
      decide: ({ judgement, paused, watchedMs }) => {
        const moved = promoteFor(context);
        if (moved) return moved;
        if (paused || watchedMs < step.watchMs) return undefined;
        if (judgement.verdict === 'Successful') return done(judgement.sentence);
        return watchedMs < step.watchMs + patienceMs
          ? undefined
          : failed('inconclusive', `still not enough to judge: ${judgement.sentence}`);
      },
    });
  },
  undo: 'nothing-to-undo',
};
