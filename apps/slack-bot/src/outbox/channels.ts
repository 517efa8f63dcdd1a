// Channels by their configured name. The id that Slack answered is remembered: a channel that is renamed keeps it.

import type { Outbox } from '@bg/engine';
import { transport } from './messages.ts';

const keyOf = (name: string): string => `channel:${name}`;

/** Id of a channel, a direct message or a person. */
const isId = (channel: string): boolean => /^[CDGUW][A-Z0-9]{2,}$/.test(channel);

/** What to send to: the remembered id, or the channel as it is configured. */
export function channelOf(outbox: Pick<Outbox, 'reference'>, configured: string): string {
  if (isId(configured)) return configured;
  const known = outbox.reference(keyOf(configured));
  return typeof known === 'string' ? known : configured;
}

export function rememberChannel(outbox: Pick<Outbox, 'reference' | 'remember'>, configured: string, id: string): void {
  if (isId(configured) || !isId(id) || outbox.reference(keyOf(configured)) === id) return;
  outbox.remember(keyOf(configured), transport, id);
}
