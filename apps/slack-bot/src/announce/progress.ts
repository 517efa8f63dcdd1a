// Live cards whose numbers have changed, though nothing has happened that the log would have.

import type { Clock, DeploymentView, Engine, TargetView } from '@bg/engine';
import { putCard } from '../outbox/messages.ts';

const minProgressMs = 3000;

/** Numbers make no events: a live card is drawn again when they have changed, and no oftener than Slack allows. */
export function createProgress({ engine, clock }: { readonly engine: Engine; readonly clock: Clock }): {
  readonly refresh: () => void;
} {
  let drawn = new Map<string, number>();
  let nextAt = 0;
  return {
    refresh: () => {
      if (clock.now() < nextAt) return;
      const live = engine.status().targets.flatMap(movingCard);
      nextAt = clock.now() + Math.max(minProgressMs, live.length * (60_000 / 45));
      const now = new Map<string, number>();
      for (const view of live) {
        const at = view.schema?.filling?.rowsDone ?? view.observation?.at ?? 0;
        now.set(view.id, at);
        if (at !== (drawn.get(view.id) ?? 0)) putCard(engine.outbox, view, { urgent: false });
      }
      drawn = now;
    },
  };
}

/** The live deployment; behind a finished one, rows may still be filled. */
function movingCard({ live, last }: TargetView): readonly DeploymentView[] {
  if (live !== undefined) return [live];
  return last?.schema?.filling === undefined ? [] : [last];
}
