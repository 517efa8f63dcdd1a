// To an author of a release, once per deployment: it has its first users, and a quick look shows what numbers do not.

import type { DeploymentView } from '@bg/engine';
import { actions, button, type Card, card, section } from './blocks.ts';
import { refText } from './button-value.ts';
import { headline, subject } from './stage.ts';
import { outside } from './text.ts';

export const goodLook = 'author-good';
export const stopLook = 'author-stop';

/** While users are on both sides, and it goes forward. */
export const canLook = ({ percent, outcome, direction }: DeploymentView): boolean =>
  percent > 0 && percent < 100 && outcome === undefined && direction === 'forward';

export function lookCard(view: DeploymentView, channel: string | undefined): Card {
  const what = outside(subject(view), 150);
  const where = channel === undefined ? '' : ` Its card is in <#${outside(channel, 30)}>.`;
  if (!canLook(view)) {
    const over = `👀 *${what}* is no canary any more: ${outside(headline(view), 150)}.${where}`;
    return card(over, [section(over)]);
  }
  const text = `👀 *${view.percent} % of the users have ${what}*, and you contributed to it. Please take a quick look. *Stop* pauses it at ${view.percent} %; it approves nothing if you find it good.${where}`;
  const value = refText(view);
  return card(text, [
    section(text),
    actions(
      [
        button({ actionId: `deploy.${goodLook}`, label: 'Looks good', value }),
        button({ actionId: `deploy.${stopLook}`, label: 'Stop…', value, style: 'danger' }),
      ],
      `look:${view.id}:${view.stateVersion}`,
    ),
  ]);
}
