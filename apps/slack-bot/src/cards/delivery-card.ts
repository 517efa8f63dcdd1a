// A delivery of CI that could not be worked on: why, and the way to have it tried again.

import type { DeliveryRecord } from '@bg/engine';
import { actions, button, type Card, card, context, section } from './blocks.ts';
import { deliveryRefText } from './button-value.ts';
import { code, dateTime, join, outside } from './text.ts';

export const retryDelivery = 'retry-delivery';

export function deliveryCard(delivery: DeliveryRecord): Card {
  const { id, kind, delivery: name, receivedAt } = delivery;
  const { sign, title, rest } = stateText(delivery);
  return card(`${sign} ${title}. ${rest}`, [
    section(`${sign} *${title}*\n${rest}`),
    delivery.state === 'parked' ? tryAgain(delivery) : undefined,
    context(join(kind !== '' && code(kind, 60), `delivery ${id}`, code(name, 80), `came ${dateTime(receivedAt)}`)),
  ]);
}

interface StateText {
  readonly sign: string;
  readonly title: string;
  readonly rest: string;
}

function stateText({ id, hook, state, sentence }: DeliveryRecord): StateText {
  const what = `A delivery of ${outside(hook, 40)}`;
  const why = outside(sentence ?? '', 700);
  switch (state) {
    case 'parked':
      return { sign: '📭', title: `${what} could not be processed`, rest: why };
    case 'waiting':
      return {
        sign: '🔁',
        title: `${what} is processed again`,
        rest: `${code(`bg inbox show ${id}`)} shows the result.`,
      };
    case 'done':
      return { sign: '✅', title: `${what} was processed`, rest: why };
    case 'ignored':
      return { sign: '⚪', title: `${what} matches nothing here`, rest: why };
    default:
      return state satisfies never;
  }
}

function tryAgain({ id, settledAt = 0 }: DeliveryRecord) {
  const tries = button({
    actionId: `deploy.${retryDelivery}`,
    label: 'Try again',
    value: deliveryRefText({ id, settledAt }),
    confirm: {
      title: 'Try again?',
      text: 'The bot processes it again, with the present configuration. That can announce a build or start a deployment.',
    },
  });
  return actions([tries], `delivery:${id}:${settledAt}`);
}
