// What an alert does to a target, within the limits of its rule and through the same verbs as a person's command. The
// caller holds the transaction.

import { actorName, shortName } from '../../domain/actor.ts';
import { ok, type Refusal, type Result, refuse } from '../../domain/refusal.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import { actsSince } from '../../state/calls.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { readLock } from '../../state/targets.ts';
import type { Core } from '../core.ts';
import { rollback } from '../verbs/go-back.ts';
import { lock } from '../verbs/keep.ts';
import { recordRefusal } from '../verbs/refused.ts';
import { pause } from '../verbs/steer.ts';
import { blamed, isGoingBack } from './blamed.ts';
import { actWords, askedSentence, type Called, callKey, monitorOf } from './called.ts';

export interface Performed {
  /** `nothing`: it is so already. */
  readonly kind: 'done' | 'nothing';
  readonly sentence: string;
  readonly deploymentId: string | undefined;
}

export function perform(core: Core, called: Called): Result<Performed> {
  const { caller, rule, target } = called;
  const answer = tooOften(core, called) ?? actOf(core, called);
  if (!answer.ok) return answer;
  const { kind, deploymentId } = answer.value;
  if (kind === 'done')
    core.store.write((tx) =>
      tx.audit({
        ...target.key,
        actor: actorName(monitorOf(caller)),
        action: 'monitor-called',
        deploymentId,
        sentence: askedSentence(called),
        detail: { caller: caller.name, act: rule.act, alert: called.alert, startsAt: called.startsAt },
      }),
    );
  return answer;
}

function tooOften(core: Core, called: Called): ReturnType<typeof refuse> | undefined {
  const { rule, target } = called;
  const { atMost, withinMs } = rule;
  const acted = actsSince(core.store.db, callKey(called), core.clock.now() - withinMs);
  return acted < atMost
    ? undefined
    : refusal(core, called, {
        code: 'call-limit',
        sentence: `${called.caller.name} may ask for ${actWords[rule.act]} of ${target.name} ${atMost === 1 ? 'once' : `${atMost} times`} in ${forHowLong(withinMs)}, and has done so`,
        hint: 'A person decides now.',
      });
}

/** The verbs record their refusals themselves. */
function refusal(
  core: Core,
  { caller, rule, target }: Called,
  { code, sentence, hint }: Refusal,
): ReturnType<typeof refuse> {
  const answer = refuse(code, sentence, hint);
  recordRefusal(core, { actor: monitorOf(caller), verb: rule.act, refusal: answer.refusal, key: target.key });
  return answer;
}

function actOf(core: Core, called: Called): Result<Performed> {
  const { act } = called.rule;
  switch (act) {
    case 'rollback':
      return takeBack(core, called);
    case 'pause':
      return hold(core, called);
    case 'lock':
      return lockTarget(core, called);
    default:
      return act satisfies never;
  }
}

function takeBack(core: Core, called: Called): Result<Performed> {
  const { caller, target, alert } = called;
  const found = blamed(core, called);
  if (found.kind === 'refused') return refusal(core, called, found.refusal);
  if (found.kind === 'nothing') return nothing(found.sentence);
  const { version, promotedAt } = found.row;
  const answer = rollback(core, {
    ...target.key,
    actor: monitorOf(caller),
    reason: alert,
    // Of a deployment that has ended: what users get must still be what the alert is about.
    ...(found.row.finishedAt === null ? {} : { from: version }),
  });
  if (!answer.ok) return answer;
  return done(`${version} is ${promotedAt === null ? 'aborted' : 'taken back'}: ${alert}`, answer.value.id);
}

function hold(core: Core, called: Called): Result<Performed> {
  const { caller, target, alert } = called;
  const live = liveDeployment(core.store.db, target.key);
  if (!live)
    return refusal(core, called, {
      code: 'call-out-of-time',
      sentence: `no deployment of ${target.name} runs, so there is nothing to pause`,
      hint: 'A lock keeps new ones from beginning.',
    });
  if (isGoingBack(core, live)) return nothing(`${live.version} is being taken back already`);
  if (live.pausedAt !== null)
    return nothing(`${shortName(live.pausedBy ?? 'engine')} paused ${live.version} at ${clockTime(live.pausedAt)}`);
  const answer = pause(core, { id: live.id }, monitorOf(caller));
  return answer.ok ? done(`${live.version} is paused: ${alert}`, live.id) : answer;
}

function lockTarget(core: Core, { caller, rule, target, alert }: Called): Result<Performed> {
  const actor = monitorOf(caller);
  const held = readLock(core.store.db, target.key, core.clock.now());
  if (held && held.owner !== actorName(actor))
    return nothing(`${target.name} is locked by ${shortName(held.owner)} until ${clockTime(held.until)} already`);
  const answer = lock(core, { ...target.key, actor, reason: alert, forMs: rule.lockMs });
  return answer.ok ? done(`${target.name} is locked for ${forHowLong(rule.lockMs)}: ${alert}`, undefined) : answer;
}

const nothing = (sentence: string): Result<Performed> => ok({ kind: 'nothing', sentence, deploymentId: undefined });

const done = (sentence: string, deploymentId: string | undefined): Result<Performed> =>
  ok({ kind: 'done', sentence, deploymentId });
