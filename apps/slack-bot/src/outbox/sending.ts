// What the parts of the sender pass to each other: one message to send to Slack, and its result.

import type { Clock, Engine, Log, OutboxMessage } from '@bg/engine';
import type { Slack } from '../slack/api.ts';
import type { Buckets } from './buckets.ts';
import type { ChannelReturns } from './channel-events.ts';
import type { Drawn, Source } from './draw.ts';

export interface SenderOptions {
  readonly engine: Source & Pick<Engine, 'changed' | 'whenWritable'>;
  readonly slack: Slack;
  readonly clock: Clock;
  readonly log: Log;
  readonly returns: ChannelReturns;
}

export interface Sender extends SenderOptions {
  readonly buckets: Buckets;
  /** Messages put before this process began may have been posted by the one before. */
  readonly startedAt: number;
}

export interface Item {
  readonly message: OutboxMessage;
  readonly drawn: Drawn;
  /** Further lines of the same thread that `drawn` says in the same breath. */
  readonly also?: readonly OutboxMessage[];
  /** Of channels, when this was begun. */
  readonly returnsBefore: number;
}

/** `lost`: no answer came. `shut-out`: Slack refuses the token. Anything else, good or bad, is written into the outbox. */
export type SendResult = 'ended' | 'lost' | 'shut-out';
