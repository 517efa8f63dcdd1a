// What a deployment would do, before a person requests it.

import type { PlanView } from '@bg/engine';
import { type Block, type Card, card, context, header, section } from './blocks.ts';
import { code, join, outside } from './text.ts';

export function planCard(plan: PlanView): Card {
  const refused = plan.gates.filter(({ refusal }) => refusal !== undefined);
  const verdict =
    refused.length === 0 ? 'It may start now.' : `${refused.length} of ${plan.gates.length} gates refuse it.`;
  const what = `${plan.mode} of ${outside(plan.name, 60)} to ${outside(plan.version, 64)}`;
  return card(`Plan for a ${what}: ${plan.steps.length} steps. ${verdict} Nothing was changed.`, [
    header(`📋 Plan: ${plan.name} ${plan.version}`),
    section(
      `A *${plan.mode}* into ${plan.slot}${plan.from === undefined ? '' : `, from ${code(plan.from, 64)}`}. ${verdict}`,
    ),
    list('Steps', plan.steps, numbered),
    plan.run && section(`Runs ${outside(plan.run.account, 200)}.`),
    list('Schema', plan.schema, bulleted),
    list('Routing', plan.routing, bulleted),
    list('Canary', plan.finds ?? [], bulleted),
    list('Checks', plan.checks ?? [], bulleted),
    section(`*Gates*\n${plan.gates.slice(0, 20).map(gateLine).join('\n') || '–'}`),
    list('Worth a look', plan.warnings, bulleted),
    context(join('Nothing was changed.', plan.hash === undefined ? undefined : `plan ${code(plan.hash)}`)),
  ]);
}

type Line = (text: string, index: number) => string;

const numbered: Line = (text, index) => `${index + 1}. ${outside(text, 160)}`;
const bulleted: Line = (text) => `• ${outside(text, 200)}`;

function list(title: string, entries: readonly string[], line: Line): Block | undefined {
  if (entries.length === 0) return undefined;
  return section(`*${title}*\n${entries.slice(0, 30).map(line).join('\n')}`);
}

function gateLine({ name, refusal }: PlanView['gates'][number]): string {
  return refusal === undefined
    ? `✅ ${outside(name, 60)}`
    : `⛔ ${outside(name, 60)}: ${outside(refusal.sentence, 250)}`;
}
