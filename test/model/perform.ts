// One act on the system, and whether its answer is the one that the rules give.

import type { DeploymentRef } from '../../packages/engine/src/api/engine.ts';
import type { Result } from '../../packages/engine/src/domain/refusal.ts';
import type { Act, On } from './acts.ts';
import { actorOf, type Doing, expectAnswer } from './answering.ts';
import type { Deployment, Model } from './model.ts';
import { isPerson, mayDeploy, rowName } from './people.ts';
import { decideOnTarget } from './perform-on-target.ts';
import {
  type Answer,
  approvalRefusals,
  codes,
  deployRefusals,
  promoteRefusals,
  rollbackRefusals,
  steerRefusals,
} from './rules.ts';
import { switchRefusals } from './switching.ts';
import { continueRefusals } from './target-rules.ts';

/** An act of a person or machine. @throws when the answer is another one than the rules give */
export async function decide({ model, system }: Doing, act: Act): Promise<void> {
  const { people, clock } = system;
  const at = clock.now();
  const expect = <T>(answer: Result<T>, expected: Answer) => expectAnswer(model, answer, expected);
  switch (act.kind) {
    case 'deploy':
      return deploy({ model, system }, act);
    case 'rollback': {
      const { actor, version, from } = act;
      const value = expect(
        people.rollback({ actor: actorOf(actor), version, from }),
        rollbackRefusals(model, { actor, version, from }, at),
      );
      if (value && model.live === undefined && version !== undefined && value.version !== version)
        throw new Error(`the rollback goes to ${value.version}, not to ${version}`);
      if (value && model.live === undefined && model.bad.has(value.version))
        throw new Error(`the rollback goes to ${value.version}, which is marked bad`);
      return;
    }
    case 'switch': {
      const { actor, to, from } = act;
      const expected = switchRefusals(model, { actor, to, from, slots: system.view().slots }, at);
      expect(people.switch({ actor: actorOf(actor), to, from }), expected);
      return;
    }
    case 'approve':
    case 'reject':
    case 'extend': {
      const { kind, actor } = act;
      const { on, ref } = cardOf({ model, system }, act);
      const expected = approvalRefusals(model, kind, { actor, on, isStale: act.isStale, at });
      const verb = kind === 'reject' ? people.reject(ref, actorOf(actor), 'no') : people[kind](ref, actorOf(actor));
      expect(verb, expected);
      return;
    }
    case 'pause':
    case 'resume':
    case 'abort': {
      const { on, ref } = cardOf({ model, system }, act);
      expect(
        people[act.kind](ref, actorOf(act.actor)),
        steerRefusals(act.kind, { actor: act.actor, on, isStale: act.isStale, at }),
      );
      return;
    }
    case 'promote': {
      const { on, ref } = cardOf({ model, system }, act);
      const { actor, full, isStale } = act;
      const expected = promoteRefusals(model, { actor, full, on, isStale, at });
      if (expect(people.promote(ref, actorOf(actor), { full }), expected) && full && on) on.full = true;
      return;
    }
    case 'continue': {
      const { on, ref } = cardOf({ model, system }, { on: 'live', isStale: false });
      const expected = continueRefusals(act.actor, on, at);
      expect(people.continueFrozen(ref, actorOf(act.actor), 'nearly done'), expected);
      return;
    }
    default:
      return decideOnTarget({ model, system }, act);
  }
}

function deploy({ model, system }: Doing, act: Extract<Act, { kind: 'deploy' }>): void {
  const { people, clock } = system;
  const { actor, version, hold, redeploy, override, inMinutes } = act;
  const at = clock.now();
  const reason = act.reason ? 'as planned' : undefined;
  const time = inMinutes === 0 ? {} : { at: wallText(at + inMinutes * 60_000), zone: 'UTC' };
  const request = { actor: actorOf(actor), version, hold, redeploy, overrideFreeze: override, reason, ...time };
  if (override) model.faults.add('overriding');
  const waits = isPerson(actor) && (inMinutes > 0 || mustWait(model, version));
  const answer = people.request(request);
  if (!waits) return void expectAnswer(model, answer, deployRefusals(model, act, at));
  const own = codes([version === 'v9', 'release-unknown'], [override, 'not-allowed-now']);
  const value = expectAnswer(model, answer, { certain: [...mayDeploy(actor), ...own] });
  if (value?.kind !== 'waiting') return;
  const { id, due, status } = value.waiting;
  if (model.requests.has(id)) return;
  model.requests.set(id, {
    id,
    version,
    by: rowName(actor),
    redeploy,
    requestedAt: at,
    dueAt: due?.at,
    first: false,
    status: status === 'scheduled' ? 'scheduled' : 'queued',
  });
}

function mustWait({ live, requests }: Model, version: string): boolean {
  if (live) return live.version !== version || live.unwinding;
  return [...requests.values()].some(({ status }) => status === 'queued');
}

const wallText = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

function cardOf(
  { model, system }: Doing,
  { on, isStale }: { readonly on: On; readonly isStale: boolean },
): { readonly on: Deployment | undefined; readonly ref: DeploymentRef } {
  const found = on === 'live' ? model.live : model.ended.at(-1);
  const version = found && system.people.deployment(found.id)?.stateVersion;
  if (!found || version === undefined) return { on: undefined, ref: { id: 'd_unknown' } };
  return { on: found, ref: { id: found.id, stateVersion: isStale ? version - 1 : version } };
}
