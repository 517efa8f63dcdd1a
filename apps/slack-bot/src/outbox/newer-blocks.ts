// Blocks that not every workspace knows. One that does not answers `invalid_blocks` to the whole message: the sender then
// sends the same card without them, and leaves them out for a day, after which it tries again.

import type { Card } from '../cards/blocks.ts';
import { hasCharts, withoutCharts } from '../cards/chart-block.ts';
import { transport } from './messages.ts';
import type { Sender } from './sending.ts';

export const triedAgainMs = 86_400_000;

type Tools = Pick<Sender, 'clock' | 'slack'> & { readonly engine: Pick<Sender['engine'], 'outbox'> };

/** What to send to this workspace. */
export function suited(tools: Tools, card: Card): Card {
  return hasCharts(card) && !knowsCharts(tools) ? withoutCharts(card) : card;
}

/** Whether the workspace takes native charts, as far as it has said. */
export function knowsCharts({ clock, slack, engine }: Tools): boolean {
  const known = engine.outbox.reference(keyOf(slack.workspace()));
  const { refusedAt } = (known ?? {}) as { readonly refusedAt?: unknown };
  if (typeof refusedAt !== 'number') return true;
  // A clock that was set back must not make it last.
  return Math.abs(clock.now() - refusedAt) >= triedAgainMs;
}

export function rememberRefusal({ clock, slack, engine }: Tools): void {
  engine.outbox.remember(keyOf(slack.workspace()), transport, { refusedAt: clock.now() });
}

const keyOf = (workspace: string | undefined): string => `newer-blocks:${workspace ?? 'unknown'}`;
