import { done, failed, type Step } from '../step.ts';
import { keepWatch, promoteFor, shareSince } from './watching.ts';

export const watch: Step<'watch'> = {
  name: 'watch',
  limitMs: 'waits',
  run: async (context) => {
    const { step, target } = context;
    const sinceMs = shareSince(context);
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
