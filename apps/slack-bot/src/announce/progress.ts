// Live cards whose numbers or buttons have changed, though nothing has happened that the log would have: the time alone closes or
// opens a decision.

import type { Clock, DeploymentView, Engine, TargetView } from '@bg/engine';
import { putCard } from '../outbox/messages.ts';

const minProgressMs = 3000;

/** A card is drawn again when its numbers have changed, or what people may do, and no oftener than Slack allows. */
export function createProgress({ engine, clock }: { readonly engine: Engine; readonly clock: Clock }): {
  readonly refresh: () => void;
} {
  let drawn = new Map<string, Drawn>();
  let nextAt = 0;
  return {
    refresh: () => {
      if (clock.now() < nextAt) return;
      const live = engine.status().targets.flatMap(movingCard);
      nextAt = clock.now() + Math.max(minProgressMs, live.length * (60_000 / 45));
      const now = new Map<string, Drawn>();
      for (const view of live) {
        const at = view.schema?.filling?.rowsDone ?? view.observation?.at ?? 0;
        const offered = view.actions.map(({ name }) => name).join(' ');
        const before = drawn.get(view.id) ?? { at: 0, offered };
        now.set(view.id, { at, offered });
        if (at !== before.at || offered !== before.offered) putCard(engine.outbox, view, { urgent: false });
      }
      drawn = now;
    },
  };
}

interface Drawn {
  readonly at: number;
  /** Names of actions. */
  readonly offered: string;
}

/** The live deployment; behind a finished one, rows may still be filled. */
function movingCard({ live, last }: TargetView): readonly DeploymentView[] {
  if (live !== undefined) return [live];
  return last?.schema?.filling === undefined ? [] : [last];
}
