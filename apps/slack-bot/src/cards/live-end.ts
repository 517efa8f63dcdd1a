// Whether a release that was made live is live still, and what ended that: its card, the history and the Home tab say the same.

import type { DeploymentView, SlotView, TargetView } from '@bg/engine';
import { dateTime, outside, plain } from './text.ts';

export interface LiveEnd {
  readonly kind: 'replaced' | 'rolled-back' | 'switched' | 'elsewhere';
  /** What users got instead; undefined where it is not known. */
  readonly version: string | undefined;
  /** Epoch ms; undefined where it is not known. */
  readonly at: number | undefined;
}

/** As many of a target's last deployments as its cards are compared with. */
export const comparedWith = 30;

/**
 * Undefined for a deployment that made nothing live, and for one whose release is live.
 * @param newestFirst the last deployments of the target
 * @param active the version that users get; undefined where nobody knows
 */
export function liveEnd(
  view: DeploymentView,
  newestFirst: readonly DeploymentView[],
  active: string | undefined,
): LiveEnd | undefined {
  if (view.outcome?.kind !== 'promoted') return undefined;
  const index = newestFirst.findIndex(({ id }) => id === view.id);
  const next = newestFirst.slice(0, Math.max(0, index)).findLast(hasUsers);
  if (next !== undefined) return { kind: kindOf(next), version: next.version, at: movedAt(next) };
  // A load balancer that was changed by a person, or a deployment that is older than the list.
  return active === undefined || (active === view.version && index >= 0)
    ? undefined
    : { kind: 'elsewhere', version: active === view.version ? undefined : active, at: undefined };
}

const hasUsers = ({ outcome, percent, direction }: DeploymentView): boolean =>
  outcome === undefined ? percent === 100 && direction === 'forward' : outcome.kind === 'promoted';

const kinds = { deploy: 'replaced', redeploy: 'replaced', rollback: 'rolled-back', switch: 'switched' } as const;

const kindOf = ({ mode }: DeploymentView): LiveEnd['kind'] => kinds[mode];

/** The proof through the load balancer is nearer to the moment than the end of the bake. */
const movedAt = ({ receipt, version, outcome }: DeploymentView): number | undefined =>
  receipt?.proved && receipt.expected.version === version ? receipt.at : outcome?.at;

/** The version that users of the target get. */
export const activeVersion = ({ slots, routing }: Pick<TargetView, 'slots' | 'routing'>): string | undefined =>
  activeSlot({ slots, routing })?.version;

export const activeSlot = ({ slots, routing }: Pick<TargetView, 'slots' | 'routing'>): SlotView | undefined =>
  slots.find(({ slot }) => slot === routing.active);

/** For a header: `replaced by v2.2`. */
export function endHeadline({ kind, version }: LiveEnd): string {
  const which = version === undefined ? undefined : plain(version, 64);
  if (which === undefined || kind === 'elsewhere') return 'not live any more';
  return `${{ replaced: 'replaced by', 'rolled-back': 'rolled back to', switched: 'switched to' }[kind]} ${which}`;
}

/** `Was live until today at 12:04, replaced by v2.2.` */
export function endSentence(end: LiveEnd): string {
  const until = end.at === undefined ? '' : ` until ${dateTime(end.at)}`;
  if (end.kind !== 'elsewhere') return `Was live${until}, ${outside(endHeadline(end), 120)}.`;
  const now = end.version === undefined ? '' : ` Users get ${outside(end.version, 64)}.`;
  return `Not live any more.${now}`;
}
