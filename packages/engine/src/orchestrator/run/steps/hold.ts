// `--hold`: everything is proved and ready behind the preview route, until a person promotes or gives up.

import { readStep } from '../../../state/deployments.ts';
import { failed, type Named, type Step } from '../step.ts';
import { movingOn } from './moving-on.ts';
import { keepWatch, promoteFor } from './watching.ts';

export const holdLimitMs = 24 * 60 * 60 * 1_000;

export const hold: Step<Named<'hold'>> = {
  name: 'hold',
  title: () => 'hold for a person',
  moves: 'none',
  waitsFor: 'people',
  isStartingSide: false,
  actions: ({ row }) => movingOn(row, `Starts sending users to ${row.version}.`),
  promote: 'go-on',
  limitMs: 'waits',
  run: async (context) => {
    const { core, stepKey } = context;
    const sinceMs = readStep(core.store.db, stepKey)?.startedAt ?? core.clock.now();
    return keepWatch(context, {
      judged: false,
      sinceMs,
      decide: ({ now }) => {
        const moved = promoteFor(context);
        if (moved) return moved;
        return now < sinceMs + holdLimitMs
          ? undefined
          : failed('hold-expired', 'no one promoted the held preview within 24 hours');
      },
    });
  },
  undo: 'nothing-to-undo',
};
