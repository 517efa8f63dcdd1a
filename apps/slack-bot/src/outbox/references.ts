// What the outbox remembers of Slack: where a message is, and the id of a channel, which stays when the channel is renamed.

import type { Outbox } from '@bg/engine';
import type { MessageRef } from '../slack/api.ts';
import { transport } from './messages.ts';

export function readMessageRef(reference: unknown): MessageRef | undefined {
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { channel, ts, earlier, print, over } = reference as Partial<MessageRef>;
  return typeof channel === 'string' && typeof ts === 'string' ? { channel, ts, earlier, print, over } : undefined;
}

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
