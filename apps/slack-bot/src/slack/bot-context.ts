// What every handler is handed: the engine, Slack, and who is who.

import type { Clock, Engine, Log } from '@bg/engine';
import type { Who } from '../cards/people-formatter.ts';
import type { CommandKey } from '../commands/table.ts';
import type { ChannelReturns } from '../outbox/channel-events.ts';
import type { Slack } from './api.ts';
import type { People } from './people.ts';

export interface Desk {
  readonly engine: Engine;
  readonly slack: Slack;
  readonly people: People;
  readonly who: Who;
  readonly clock: Clock;
  readonly log: Log;
  readonly returns: ChannelReturns;
  /** Each command as it is registered in this workspace, with the slash. */
  readonly words: Readonly<Record<CommandKey, string>>;
}
