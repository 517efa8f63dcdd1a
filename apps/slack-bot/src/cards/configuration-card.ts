// The configuration differs from what runs: what changed, when each change takes effect, and the two answers to that.

import type { ConfigurationView } from '@bg/engine';
import { actions, type Block, button, type Card, card, section } from './blocks.ts';
import { type LineFacts, said } from './lines.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { outside } from './text.ts';

export const configurationActions = ['apply-configuration', 'leave-configuration'] as const;
export type ConfigurationAction = (typeof configurationActions)[number];

/** Where the buttons lead to. */
export interface ConfigurationPlace {
  readonly service: string;
  readonly target: string;
}

export function configurationCard(place: ConfigurationPlace, view: ConfigurationView): Card {
  const title = `🧬 *${outside(view.name, 80)}: the configuration differs from what runs*`;
  const canApply = view.changes.some(({ kind }) => kind === 'health');
  const question = 'Nothing was changed. The new health rule can apply now if every side is healthy by it.';
  return card(`${title}. ${outside(view.changes.map(({ sentence }) => sentence).join('; '), 900)}`, [
    section(`${title}\n${changeLines(view)}`),
    canApply ? section(question) : undefined,
    canApply ? answers(place, view.digest) : undefined,
  ]);
}

/** `facts`: what ended it; undefined where that is too long ago to be known. */
export function configurationOverCard(
  facts: LineFacts & { readonly name: string; readonly isNews: boolean },
  left: ConfigurationView | undefined,
  formatter: PeopleFormatter,
): Card {
  const ended = facts.isNews ? 'it changed again; the newest message and the status show how' : said(facts, formatter);
  const text = `✅ *${outside(facts.name, 80)}*: the configuration differed from what ran: ${ended}`;
  const rest = facts.isNews || left === undefined ? undefined : section(`Still to come:\n${changeLines(left)}`);
  return card(text, [section(text), rest]);
}

function changeLines({ changes }: ConfigurationView): string {
  return changes
    .slice(0, 10)
    .map(({ sentence }) => `• ${outside(sentence, 600)}`)
    .join('\n');
}

function answers({ service, target }: ConfigurationPlace, digest: string): Block {
  const value = `${service}/${target}:${digest}`;
  return actions(
    [
      button({
        actionId: 'deploy.apply-configuration',
        label: 'Apply now',
        value,
        style: 'primary',
        confirm: {
          title: 'Apply now?',
          text: 'The new health rule applies to what runs from now on. No process restarts, no user moves.',
        },
      }),
      button({ actionId: 'deploy.leave-configuration', label: 'Leave', value }),
    ],
    `configuration:${digest}`,
  );
}
