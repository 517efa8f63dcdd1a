// What calls a person at night, and what ends it. Pure: the input is an ending of a deployment, or a check of a target.

import type { DeploymentView } from '../../api/deployment.ts';
import type { TargetView } from '../../api/views.ts';
import type { Trouble } from '../../domain/notices.ts';

/** The troubles that a deployment leaves behind, and that the next one ends once all users are on it. */
const leftBehind = ['halted', 'rollback-failed', 'live-side-ill', 'break-glass'] as const;

export type Turn =
  | { readonly kind: 'begins'; readonly trouble: Trouble; readonly summary: string }
  | { readonly kind: 'ends'; readonly troubles: readonly Trouble[] };

export function turnOf({ outcome, mode, name, version }: DeploymentView): Turn | undefined {
  if (outcome === undefined || outcome.kind === 'superseded' || outcome.kind === 'cancelled') return undefined;
  if (outcome.kind === 'promoted') return { kind: 'ends', troubles: leftBehind };
  if (mode === 'rollback' && !isByPerson(outcome))
    return { kind: 'begins', trouble: 'rollback-failed', summary: `${name}: the rollback to ${version} failed` };
  if (outcome.kind !== 'halted') return undefined;
  return { kind: 'begins', trouble: 'halted', summary: `${name}: ${version} halted and needs a person` };
}

/** A person who gives a rollback up knows that it did not happen; one that halted needs a person in any case. */
const isByPerson = ({ kind, actor }: NonNullable<DeploymentView['outcome']>): boolean =>
  kind !== 'halted' && actor.startsWith('person:');

/** The side that users are on is unhealthy, and there is no healthy one to go to. False before the first deployment. */
export function bothSidesIll({ slots }: Pick<TargetView, 'slots'>): boolean {
  const active = slots.find(({ role }) => role === 'active');
  const other = slots.find(({ role }) => role !== 'active');
  return active?.health === 'unhealthy' && other?.health !== 'healthy' && other?.health !== 'degraded';
}

export interface Illness {
  /** The state since `since` (epoch ms). */
  readonly isIll: boolean;
  readonly since: number;
  /** A person was called. */
  readonly isTold: boolean;
}

/** A crash that is fixed within seconds calls no person, and a side that comes and goes calls once. */
const beginsAfterMs = 10_000;
const endsAfterMs = 60_000;

/** `turn`: what has to be reported now. */
export function nextIllness(
  before: Illness | undefined,
  isIll: boolean,
  now: number,
): { readonly illness: Illness; readonly turn: 'begins' | 'ends' | undefined } {
  const isTold = before?.isTold ?? false;
  const since = before?.isIll === isIll ? before.since : now;
  const lasts = now - since;
  const turn = isIll && !isTold && lasts >= beginsAfterMs ? 'begins' : undefined;
  const end = !isIll && isTold && lasts >= endsAfterMs ? 'ends' : undefined;
  return { illness: { isIll, since, isTold: turn !== undefined || (isTold && end === undefined) }, turn: turn ?? end };
}
