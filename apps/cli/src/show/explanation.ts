// What rules saw in a payload, as a person reads it.

import type { Explanation, RuleExplanation } from '@bg/engine';
import type { Light } from './light.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';

export function explanationLines(
  { hook, event, problem, rules }: Explanation & { readonly hook: string },
  { paint }: Light,
): readonly string[] {
  if (problem !== undefined) return [`${paint.red('✗')} ${hook}: ${problem}`];
  if (event === undefined) return [`${paint.dim('-')} ${hook}: this is no event of a build`];
  return [
    paint.bold(`${event} of ${hook}`),
    ...(rules.length === 0 ? [`No rule is written for ${hook}.`] : []),
    ...rules.flatMap((rule) => ruleLines(rule, paint)),
    'Nothing was changed.',
  ];
}

function ruleLines(rule: RuleExplanation, paint: Paint): readonly string[] {
  const fits = rule.conditions.every(({ holds }) => holds);
  const title = rule.takes ? 'takes it' : fits ? 'fits, but an earlier rule takes it' : 'does not fit';
  return [
    `${rule.takes ? paint.green('✓') : paint.dim('-')} ${rule.rule} ${title}`,
    ...tableLines(
      rule.conditions.map(({ name, expected, found, holds }) => [
        `    ${holds ? paint.green('✓') : paint.red('✗')} ${name}`,
        found,
        holds ? '' : `expected ${expected}`,
      ]),
    ),
    ...(rule.problem === undefined ? [] : [`  ${paint.red('✗')} ${rule.problem}`]),
    ...(rule.build ? buildLines(rule) : []),
    ...(rule.sentence === undefined ? [] : [`  would come of it: ${rule.sentence}`]),
    ...tableLines(rule.reactions.map(({ target, became, sentence }) => [`    ${target}`, became, sentence])),
  ];
}

function buildLines({ build }: RuleExplanation): readonly string[] {
  if (!build) return [];
  const facts = {
    ...build,
    authors: build.authors.map(({ name, email, login }) => name ?? email ?? login),
    actors: build.actors?.map(({ email, login, did }) => `${login ?? email} ${did}`),
  };
  const times = { committedAt: timeText(build.committedAt), endedAt: timeText(build.endedAt) };
  const rows = Object.entries({ ...facts, ...times }).filter(([, value]) => value !== undefined);
  return [
    '  the build:',
    ...tableLines(
      rows.map(([name, value]) => [`    ${name}`, typeof value === 'string' ? value : JSON.stringify(value)]),
    ),
  ];
}

function timeText(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
