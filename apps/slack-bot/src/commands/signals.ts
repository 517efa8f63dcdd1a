// Signals to a running deployment, by command or by button: one table from the name to the engine's verb.

import { type Actor, type DeploymentRef, type DeploymentView, decidersOf, type Engine, type Result } from '@bg/engine';
import type { SignalName } from './intent.ts';

type Verb = (engine: Engine, ref: DeploymentRef, actor: Actor, reason: string | undefined) => Result<DeploymentView>;

const verbs: Readonly<Record<SignalName, Verb>> = {
  approve: (engine, ref, actor) => engine.approve(ref, actor),
  'break-glass': (engine, ref, actor, reason) => engine.approve(ref, actor, { breakGlass: reason ?? '' }),
  reject: (engine, ref, actor, reason) => engine.reject(ref, actor, reason ?? ''),
  promote: (engine, ref, actor) => engine.promote(ref, actor),
  'promote-full': (engine, ref, actor) => engine.promote(ref, actor, { full: true }),
  pause: (engine, ref, actor) => engine.pause(ref, actor),
  resume: (engine, ref, actor) => engine.resume(ref, actor),
  abort: (engine, ref, actor, reason) => engine.abort(ref, actor, reason),
  extend: (engine, ref, actor) => engine.extend(ref, actor),
  continue: (engine, ref, actor, reason) => engine.continueFrozen(ref, actor, reason ?? ''),
};

export interface Signal {
  readonly name: SignalName;
  readonly ref: DeploymentRef;
  readonly actor: Actor;
  readonly reason?: string | undefined;
}

export function sendSignal(engine: Engine, { name, ref, actor, reason }: Signal): Result<DeploymentView> {
  return verbs[name](engine, ref, actor, reason);
}

export const isSignal = (name: string): name is SignalName => Object.hasOwn(verbs, name);

/** Who may do these is decided with the person's user groups at hand. */
export const asksApprovers = (name: SignalName): boolean =>
  ['approve', 'break-glass', 'reject', 'promote', 'promote-full', 'extend', 'continue'].includes(name);

export function approversOf(
  engine: Engine,
  { service, target }: Pick<DeploymentView, 'service' | 'target'>,
): readonly string[] {
  const found = engine.settings.targets.find((one) => one.service === service && one.target === target);
  return found === undefined ? [] : decidersOf(found.approval);
}
