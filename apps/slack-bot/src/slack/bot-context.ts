// What every handler gets: the engine, Slack, and who is who; and a click on a button of a card.

import type { Clock, Engine, Log } from '@bg/engine';
import type { PeopleFormatter } from '../cards/people-formatter.ts';
import type { CommandKey } from '../commands/table.ts';
import type { ChannelReturns } from '../outbox/channel-events.ts';
import type { Slack } from './api.ts';
import type { Homes } from './homes.ts';
import type { People } from './people.ts';

export interface BotContext {
  readonly engine: Engine;
  readonly slack: Slack;
  readonly people: People;
  readonly formatter: PeopleFormatter;
  readonly clock: Clock;
  readonly log: Log;
  readonly returns: ChannelReturns;
  /** Home tabs that people look at. */
  readonly homes: Homes;
  /** Each command as it is registered in this workspace, with the slash. */
  readonly words: Readonly<Record<CommandKey, string>>;
}

export interface ButtonClick {
  /** `deploy.approve` and the like. */
  readonly actionId: string;
  readonly value: string;
  readonly user: string;
  readonly triggerId: string;
}
