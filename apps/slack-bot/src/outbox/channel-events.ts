// Slack reports when a channel ends or comes back: the bot tries its cards at once, finds out the result, and writes to
// people instead.

import type { Engine } from '@bg/engine';
import { refusesChannel } from '../slack/problems.ts';
import { isUpdatedInPlace, transport } from './messages.ts';
import { readMessageRef } from './references.ts';

/** The channel takes no more messages, or the bot is not in it any more. */
export const channelEnds = [
  'channel_archive',
  'channel_deleted',
  'channel_left',
  'group_archive',
  'group_deleted',
  'group_left',
] as const;

/** A person or the bot was invited, or the channel is back. */
export const channelReturns = ['channel_unarchive', 'group_unarchive', 'member_joined_channel'] as const;

const most = 500;

/** Cards whose picture is the same would not be sent: that they can be is what is asked here. */
export function channelEnded({ outbox }: Pick<Engine, 'outbox'>, channel: string): void {
  for (const { key, kind, version, reference } of outbox.unfinished(transport, most)) {
    const place = readMessageRef(reference);
    if (!isUpdatedInPlace(kind) || place?.channel !== channel) continue;
    outbox.sent(key, version, { ...place, print: undefined });
    outbox.again(key, { urgent: true });
  }
}

/** A send that was under way when a channel came back may still be refused: it is tried again at once, not in minutes. */
export interface ChannelReturns {
  /** How many there were. */
  count(): number;
  add(): void;
}

export function createChannelReturns(): ChannelReturns {
  let count = 0;
  return {
    count: () => count,
    add: () => {
      count += 1;
    },
  };
}

/** What waits for a channel does not wait out its five minutes. */
export function channelReturned({ outbox }: Pick<Engine, 'outbox'>, returns: ChannelReturns): void {
  returns.add();
  for (const { key, problem } of outbox.stuck(transport, most))
    if (refusesChannel(problem)) outbox.again(key, { urgent: true });
}
