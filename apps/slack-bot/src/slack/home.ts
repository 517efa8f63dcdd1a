// The Home tab, drawn when a person opens it, after each click in it, and when what it shows has changed.

import { createHash } from 'node:crypto';
import { approverRule, type DeploymentView } from '@bg/engine';
import { type HomeView, homeView } from '../cards/home-view.ts';
import type { HomePages } from '../cards/pages.ts';
import { approversOf } from '../commands/signals.ts';
import { cardKey } from '../outbox/messages.ts';
import { readMessageRef } from '../outbox/references.ts';
import type { BotContext } from './bot-context.ts';
import { problemSentence } from './problems.ts';

interface HomeOptions {
  readonly notice?: string | undefined;
  readonly pages?: HomePages | undefined;
}

export async function publishHome(bot: BotContext, user: string, { notice, pages }: HomeOptions = {}): Promise<void> {
  const view = await homeOf(bot, user, { notice, pages });
  if (await publish(bot, user, view)) bot.homes.shown(user, { pages, print: printOf(view) });
}

/** Draws again the tabs that people look at. */
export function followHomes(bot: BotContext, signal: AbortSignal): Promise<void> {
  return bot.homes.follow(signal, async (user, { pages, print }) => {
    const view = await homeOf(bot, user, { pages });
    const now = printOf(view);
    return now !== print && (await publish(bot, user, view)) ? now : undefined;
  });
}

async function publish({ slack, log }: BotContext, user: string, view: HomeView): Promise<boolean> {
  const published = await slack.publishHome(user, view);
  if (!published.ok) log.warn({ problem: problemSentence(published.problem) }, 'the Home tab could not be drawn');
  return published.ok;
}

/** The time of the look is no change, nor what counts by itself: `23 h 59 min left`. */
const printOf = ({ blocks }: HomeView): string =>
  createHash('sha256')
    .update(JSON.stringify(blocks.filter(({ type }) => type !== 'context')).replaceAll(countsByItself, '#'))
    .digest('hex');

const countsByItself = /\b\d+ (?:ms|s|min|h|days)\b/g;

async function homeOf(bot: BotContext, user: string, { notice, pages }: HomeOptions): Promise<HomeView> {
  const { engine, people, slack, formatter } = bot;
  const status = engine.status();
  const waiting = status.targets.flatMap(({ live }) => (live?.approval?.status === 'pending' ? [live] : []));
  const mine: DeploymentView[] = [];
  for (const view of waiting) {
    const approvers = approversOf(engine, view);
    const actor = await people.decider(user, approvers);
    if (actor.kind !== 'person') continue;
    const { fourEyes = false, writers = [] } = view.approval ?? {};
    const own = fourEyes && (view.requestedBy === `person:${actor.id}` || writers.includes(actor.id));
    if (!own && approverRule({ approvers, personId: actor.id, groups: actor.groups ?? [] })) mine.push(view);
  }
  const cardOf = ({ id }: DeploymentView): string | undefined => {
    const place = readMessageRef(engine.outbox.reference(cardKey(id)));
    return place && slack.addressOf(place);
  };
  const canAct = people.actor(user).kind === 'person';
  return homeView({ status, mine, formatter, notice, pages, cardOf, canAct });
}
