// Acts on a target, and on what waits for it, and whether their answers are those that the rules give.

import type { Result } from '../../packages/engine/src/domain/refusal.ts';
import type { Act } from './acts.ts';
import { actorOf, type Doing, expectAnswer } from './answering.ts';
import { isOpen } from './model.ts';
import { mayOperate } from './people.ts';
import { type Answer, codes, driftOf } from './rules.ts';
import {
  clearRefusals,
  lockRefusals,
  routingRefusals,
  suspendRefusals,
  unlockRefusals,
  waitingRefusals,
} from './target-rules.ts';

export async function decideOnTarget({ model, system }: Doing, act: Act): Promise<void> {
  const { people, clock } = system;
  const at = clock.now();
  const expect = <T>(answer: Result<T>, expected: Answer) => expectAnswer(model, answer, expected);
  switch (act.kind) {
    case 'lock': {
      const { actor, minutes } = act;
      const answer = people.lock({ actor: actorOf(actor), reason: 'stock-taking', forMs: minutes * 60_000 });
      expect(answer, lockRefusals(model, actor, at));
      return;
    }
    case 'unlock':
      expect(people.unlock({ actor: actorOf(act.actor), of: act.of }), unlockRefusals(model, act, at));
      return;
    case 'suspend':
    case 'unsuspend': {
      const { kind } = act;
      const actor = actorOf(act.actor);
      const answer = kind === 'suspend' ? people.suspend({ actor, reason: 'looking' }) : people.unsuspend({ actor });
      expect(answer, suspendRefusals(model, kind, act.actor));
      return;
    }
    case 'clear': {
      const { actor, version } = act;
      const answer = people.storedReleases.clearMark({ actor: actorOf(actor), version, reason: 'it was the network' });
      expect(answer, clearRefusals(model, actor, version));
      return;
    }
    case 'cancel':
    case 'first': {
      const { kind } = act;
      const all = [...model.requests.values()];
      const request = all.filter(isOpen)[act.at] ?? all.at(-1);
      if (!request) return;
      const actor = actorOf(act.actor);
      const { id } = request;
      const answer = kind === 'cancel' ? people.cancelWaiting(id, actor) : people.putFirst(id, actor, 'hotfix');
      expect(answer, waitingRefusals(request, act.actor));
      return;
    }
    default:
      return decideOnSides({ model, system }, act);
  }
}

async function decideOnSides({ model, system }: Doing, act: Act): Promise<void> {
  const { people } = system;
  switch (act.kind) {
    case 'restore':
    case 'adopt': {
      const request = { actor: actorOf(act.actor) };
      const asked = act.kind === 'restore' ? people.restoreRouting(request) : people.adoptRouting(request);
      const answer = await asked.catch((thrown: unknown) => {
        if (model.faults.has('balancer')) return undefined;
        throw thrown;
      });
      if (answer && expectAnswer(model, answer, routingRefusals(model, act.actor))) model.drifted = false;
      return;
    }
    case 'keep-failed':
    case 'restore-failed':
    case 'stop-standby': {
      const request = { actor: actorOf(act.actor) };
      const answer =
        act.kind === 'keep-failed'
          ? people.keepFailed(request)
          : act.kind === 'restore-failed'
            ? people.restoreFailed(request)
            : people.settleStandby({ ...request, to: 'stop' });
      // Which side is there, the model does not follow.
      const possible = [...codes([true, 'not-allowed-now']), ...driftOf(model)];
      const certain = [...mayOperate(act.actor), ...codes([model.live !== undefined, 'target-busy'])];
      expectAnswer(model, answer, { certain, possible });
      return;
    }
    default:
  }
}
