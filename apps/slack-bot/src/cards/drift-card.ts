// The load balancer differs from the decided routing: what differs per node, and the two ways out for an approver.

import type { DriftView, TargetView } from '@bg/engine';
import { actions, type Block, type Button, button, type Card, card, section } from './blocks.ts';
import { type LineFacts, said } from './lines.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { code, dateTime, outside } from './text.ts';

export const driftActions = ['restore-routing', 'adopt-routing'] as const;
export type DriftAction = (typeof driftActions)[number];

type Drifted = Pick<TargetView, 'service' | 'target' | 'name' | 'live'> & { readonly drift: DriftView };

export function driftCard(target: Drifted): Card {
  const title = `🧭 *${outside(target.name, 80)}: the load balancer differs from the decided routing*`;
  return card(`${title}. ${outside(target.drift.sentence, 600)}`, [
    section(`${title}\n${outside(target.drift.sentence.split('; but ')[0] ?? '', 300)}\n${driftLines(target.drift)}`),
    section('Nothing was changed. An approver decides:'),
    driftButtons(target),
  ]);
}

export function driftOverCard(facts: LineFacts & { readonly name: string }, formatter: PeopleFormatter): Card {
  const text = `✅ *${outside(facts.name, 80)}*: the drift of the load balancer is over: ${said(facts, formatter)}`;
  return card(text, [section(text)]);
}

export function driftLines({ nodes }: DriftView): string {
  return nodes
    .filter(({ differs }) => differs)
    .slice(0, 10)
    .map(({ node, does }) => `• ${code(node, 60)} ${outside(does, 200)}`)
    .join('\n');
}

/** For the status: one line, and since when. */
export function driftLine({ drift }: Pick<TargetView, 'drift'>): string | undefined {
  return drift && `🧭 *Drift* since ${dateTime(drift.since)}: ${outside(drift.sentence, 400)}`;
}

export function driftButtons(target: Drifted): Block | undefined {
  if (target.live !== undefined) return undefined;
  return actions(
    [
      driftButton(target, 'restore-routing', 'Restore', 'Restores the decided routing; users go there again.'),
      driftButton(target, 'adopt-routing', 'Adopt', 'Keeps what the load balancer does now; no user moves.'),
    ],
    `drift:${target.drift.id}`,
  );
}

function driftButton(target: Drifted, name: DriftAction, label: string, effect: string): Button {
  return button({
    actionId: `deploy.${name}`,
    label,
    value: `${target.service}/${target.target}:${target.drift.id}`,
    style: name === 'restore-routing' ? 'primary' : undefined,
    confirm: { title: `${label}?`, text: effect },
  });
}
