// A contract in the channel: the SQL that is run, what it makes impossible, and who decides.

import type { ContractView } from '@bg/engine';
import { actions, type Block, button, type Card, card, context, header, section } from './blocks.ts';
import { asksFor } from './parts.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { code, cutLines, dateTime, join, outside } from './text.ts';

export const contractActions = ['approve-contract', 'reject-contract'] as const;
export type ContractAction = (typeof contractActions)[number];

const signs: Readonly<Record<ContractView['status'], string>> = {
  pending: '🗄️',
  approved: '👍',
  running: '⏳',
  done: '✅',
  failed: '❌',
  refused: '⛔',
  rejected: '🚫',
  expired: '⌛',
};

export function contractCard(view: ContractView, formatter: PeopleFormatter): Card {
  const { name, migrations, status, consequence, problem } = view;
  const what = `${name}: contract of ${migrations.join(', ')}`;
  return card(outside(`${what} is ${status}: ${consequence}`, 600), [
    header(`${signs[status]} ${what} · ${status}`),
    section(`*${outside(capital(consequence), 600)}.*\nIt runs, with the files of ${code(view.version, 64)}:`),
    statements(view),
    view.verdict === undefined ? undefined : section(`Verdict: ${outside(view.verdict, 600)}`),
    problem === undefined ? undefined : section(`*${outside(problem, 900)}*`),
    ...(status === 'pending' ? question(view, formatter) : []),
    context(
      join(
        `asked by ${formatter.actor(view.requestedBy)}`,
        view.reason === undefined ? undefined : `“${outside(view.reason, 300)}”`,
        view.given.length > 0 && `approved by ${view.given.slice(0, 10).map(formatter.person).join(', ')}`,
        code(view.id),
      ),
    ),
  ]);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Text of a release: nothing in it may end the code block. */
function statements({ statements: texts }: ContractView): Block {
  const sql = texts.join('\n').replaceAll('`', 'ˋ').trimEnd();
  return section(`\`\`\`\n${cutLines(outside(sql, 2_500), 2_500)}\n\`\`\``);
}

function question(view: ContractView, formatter: PeopleFormatter): readonly (Block | undefined)[] {
  const { id, given, deadlineAt, consequence } = view;
  return [
    section(`${asksFor(view, view, formatter)}\nExpires ${dateTime(deadlineAt)}.`),
    actions(
      [
        button({
          actionId: 'deploy.approve-contract',
          label: 'Approve',
          value: id,
          style: 'danger',
          confirm: { title: 'Approve?', text: outside(`${capital(consequence)}.`, 280) },
        }),
        button({
          actionId: 'deploy.reject-contract',
          label: 'Reject',
          value: id,
          style: undefined,
          confirm: { title: 'Reject?', text: 'Nothing is removed. A person can request it again.' },
        }),
      ],
      `contract:${id}:${given.length}`,
    ),
  ];
}
