// The bot on a flow: its commands, buttons, forms and messages, on the time of a test, and without Slack. What would be sent is
// drawn at once, as the sender does.

import { type Engine, silentLog } from '@bg/engine';
import type { Flow } from '../../../../packages/engine/src/testing/flow.ts';
import { runAnnouncer } from '../announce/announcer.ts';
import { handleClick } from '../buttons/handle-click.ts';
import type { Card } from '../cards/blocks.ts';
import type { HomeView } from '../cards/home-view.ts';
import { nameFormatter } from '../cards/people-formatter.ts';
import { runCommand } from '../commands/run.ts';
import type { Modal } from '../modals/inputs.ts';
import type { Submission } from '../modals/submissions.ts';
import { draw } from '../outbox/draw.ts';
import { transport } from '../outbox/messages.ts';
import type { BotContext } from '../slack/bot-context.ts';
import { createHomes } from '../slack/homes.ts';
import { createPeople } from '../slack/people.ts';

export interface FlowBot {
  readonly bot: BotContext;
  /** `/deploy …`. @returns what only this person sees */
  deploy(text: string, user: string): Promise<Card | undefined>;
  /** A button of this card, as it was drawn. */
  click(card: Card, action: string, user: string): Promise<Card | undefined>;
  /** The form that was opened last, as this person sends it. */
  form(user: string, reason: string): Submission;
  readonly opened: readonly Modal[];
  /** The Home tab of each person, and each time that one was published. */
  readonly homes: ReadonlyMap<string, HomeView>;
  readonly published: readonly string[];
  /** Sends what there is to say. @returns all messages so far: the newest state of each by its key */
  messages(): Promise<ReadonlyMap<string, Card>>;
}

/** The people of the flow are in Slack as U0ALICE and so on. */
export function createFlowBot({ people: verbs, settings: plain, clock }: Flow): FlowBot {
  const people = plain.people.map((person) => ({ ...person, slack: `U0${person.id.toUpperCase()}` }));
  const settings = { ...plain, people };
  const engine = { ...verbs, settings, builds: { latest: () => [], ofVersion: () => undefined } } as unknown as Engine;
  const opened: Modal[] = [];
  const homes = new Map<string, HomeView>();
  const published: string[] = [];
  const slack = {
    openView: async (_trigger: string, modal: Modal) => {
      opened.push(modal);
      return { ok: true };
    },
    groupMembers: async () => ({ ok: true, value: [] }) as const,
    publishHome: async (user: string, view: HomeView) => {
      homes.set(user, view);
      published.push(user);
      return { ok: true };
    },
    addressOf: () => 'https://example.slack.com/archives/C1/p1',
  };
  const bot = {
    engine,
    slack,
    people: createPeople({ settings, slack, clock, log: silentLog }),
    formatter: nameFormatter(people),
    clock,
    log: silentLog,
    homes: createHomes({ engine, clock, log: silentLog }),
    words: {},
  } as unknown as BotContext;
  const sent = new Map<string, Card>();
  return {
    bot,
    opened,
    homes,
    published,
    deploy: (text, user) => runCommand(bot, { key: 'deploy', command: '/deploy', text, user, triggerId: 't' }),
    click: (card, action, user) => {
      const value = buttonValue(card, action);
      if (value === undefined) throw new Error(`the card has no button ${action}`);
      return handleClick(bot, { actionId: `deploy.${action}`, value, user, triggerId: 't' });
    },
    form: (user, reason) => ({
      user,
      metadata: opened.at(-1)?.private_metadata ?? '',
      values: { reason: { reason: { type: 'plain_text_input', value: reason } } } as never,
    }),
    messages: async () => {
      await announce(engine, clock);
      for (const message of engine.outbox.due(transport, 100)) {
        const drawn = draw({ message, engine, slack: bot.slack });
        if (drawn) sent.set(message.key, drawn.card);
        engine.outbox.sent(message.key, message.version, { channel: 'C1', ts: '1.0' });
      }
      return sent;
    },
  };
}

/** A row that is written while the announcer reads does not wake it on the time of a test: it begins again. */
async function announce(engine: Engine, clock: Flow['clock']): Promise<void> {
  const end = Date.now() + 60_000;
  const next = () => engine.audit.after(engine.cursor('slack'), 1)[0];
  do {
    const over = new AbortController();
    const running = runAnnouncer({ engine, clock, log: silentLog }, over.signal);
    for (let round = 0; round < 200 && next() !== undefined; round += 1)
      await new Promise((resolve) => setImmediate(resolve));
    over.abort();
    await running;
    if (Date.now() > end) throw new Error(`the announcer never read to the end, but to ${next()?.sentence}`);
  } while (next() !== undefined);
}

interface Element {
  readonly action_id?: string;
  readonly value?: string;
}

export const buttonValue = ({ blocks }: Card, action: string): string | undefined =>
  (blocks as readonly { readonly elements?: readonly Element[] }[])
    .flatMap(({ elements }) => elements ?? [])
    .find(({ action_id }) => action_id === `deploy.${action}`)?.value;
