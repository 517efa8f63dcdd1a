// What a person says to a running deployment. Without an id the live deployment of the target is meant.

import type { Actor, DeploymentRef, DeploymentView, Engine, Result } from '@bg/engine';
import type { Wish } from '../exit.ts';
import { attend } from '../follow/attend.ts';
import { refused } from '../refused.ts';
import { type Options, onEngine } from '../session.ts';
import { type Command, followOption, reasonOption } from './command.ts';
import { findDeployment } from './which.ts';

interface Decision {
  readonly verb: string;
  readonly summary: string;
  readonly options?: Command['options'];
  readonly examples?: readonly string[];
  readonly desired: Wish;
  readonly decide: (call: {
    readonly engine: Engine;
    readonly ref: DeploymentRef;
    readonly actor: Actor;
    readonly options: Options;
  }) => Result<DeploymentView>;
}

const decisions: readonly Decision[] = [
  {
    verb: 'approve',
    summary: 'say yes to a deployment that waits for approval',
    desired: 'forward',
    options: [['--break-glass <reason>', 'in an emergency: approve alone, and page everybody (approval.breakGlass)']],
    examples: ['bg approve --break-glass "payments are down, bob is on a plane"'],
    decide: ({ engine, ref, actor, options }) => engine.approve(ref, actor, { breakGlass: options.breakGlass }),
  },
  {
    verb: 'reject',
    summary: 'say no to a deployment that waits for approval; the users go back to the stable side',
    options: [reasonOption],
    examples: ['bg reject --reason "the prices are wrong"'],
    desired: 'back',
    decide: ({ engine, ref, actor, options }) => engine.reject(ref, actor, options.reason ?? ''),
  },
  {
    verb: 'promote',
    summary: 'go on to the next step now',
    options: [['--full', 'skip the rest: send all users to the new version']],
    examples: ['bg promote --full'],
    desired: 'forward',
    decide: ({ engine, ref, actor, options }) => engine.promote(ref, actor, { full: options.full === true }),
  },
  {
    verb: 'pause',
    summary: 'stay at the present share of users until a person resumes it',
    desired: 'forward',
    decide: ({ engine, ref, actor }) => engine.pause(ref, actor),
  },
  {
    verb: 'resume',
    summary: 'go on after a pause',
    desired: 'forward',
    decide: ({ engine, ref, actor }) => engine.resume(ref, actor),
  },
  {
    verb: 'abort',
    summary: 'give up before full promotion; the users go back to the stable side',
    options: [reasonOption],
    examples: ['bg abort --reason "not today" --follow'],
    desired: 'back',
    decide: ({ engine, ref, actor, options }) => engine.abort(ref, actor, options.reason),
  },
  {
    verb: 'extend',
    summary: 'thirty more minutes for a waiting approval',
    desired: 'forward',
    decide: ({ engine, ref, actor }) => engine.extend(ref, actor),
  },
  {
    verb: 'continue',
    summary: 'go on although a freeze holds the deployment',
    options: [reasonOption],
    examples: ['bg continue --reason "it is nearly done"'],
    desired: 'forward',
    decide: ({ engine, ref, actor, options }) => engine.continueFrozen(ref, actor, options.reason ?? ''),
  },
];

export const deciding: readonly Command[] = decisions.map(toCommand);

function toCommand({ verb, summary, options = [], examples = [], desired, decide }: Decision): Command {
  return {
    usage: `${verb} [deployment]`,
    summary,
    options: [...options, followOption],
    examples: [`bg ${verb}`, `bg ${verb} shop/staging`, ...examples],
    run: onEngine((session, [word], given) => {
      const { engine, actor, screen } = session;
      const found = findDeployment(engine, word, given);
      if (!found.ok) {
        engine.recordRejection(actor, found.refusal);
        return refused(screen, found.refusal);
      }
      const result = decide({ engine, ref: { id: found.value.id }, actor, options: given });
      return attend(session, result, { desired, follow: given.follow === true });
    }),
  };
}
