// The Home tab, drawn when a person opens it and after each click in it.

import { approverRule } from '@bg/engine';
import { homeView } from '../cards/home-view.ts';
import type { HomePages } from '../cards/pages.ts';
import { approversOf } from '../commands/signals.ts';
import type { BotContext } from './bot-context.ts';
import { problemSentence } from './problems.ts';

interface HomeOptions {
  readonly notice?: string | undefined;
  readonly pages?: HomePages | undefined;
}

export async function publishHome(bot: BotContext, user: string, { notice, pages }: HomeOptions = {}): Promise<void> {
  const { engine, people, slack, formatter, log } = bot;
  const status = engine.status();
  const waiting = status.targets.flatMap(({ live }) => (live?.approval?.status === 'pending' ? [live] : []));
  const mine = [];
  for (const view of waiting) {
    const approvers = approversOf(engine, view);
    const actor = await people.decider(user, approvers);
    if (actor.kind !== 'person') continue;
    const { fourEyes = false, writers = [] } = view.approval ?? {};
    const own = fourEyes && (view.requestedBy === `person:${actor.id}` || writers.includes(actor.id));
    if (!own && approverRule({ approvers, personId: actor.id, groups: actor.groups ?? [] })) mine.push(view);
  }
  const published = await slack.publishHome(user, homeView({ status, mine, formatter, notice, pages }));
  if (!published.ok) log.warn({ problem: problemSentence(published.problem) }, 'the Home tab could not be drawn');
}
