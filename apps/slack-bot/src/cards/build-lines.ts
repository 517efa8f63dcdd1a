// One message about a build: it failed, it is fixed, or it came again with other content.

import type { BuildFacts } from '@bg/engine';
import type { Announced } from '../announce/announcements.ts';
import { type Card, card, section } from './blocks.ts';
import { authorsText, commitText, runText } from './build-card.ts';
import { commitUrl } from './code-host.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { code, join, outside } from './text.ts';

export type BuildAlert = Announced<'message', 'build-alert'>;

const buildSigns: Readonly<Record<BuildAlert, string>> = {
  'build-failed': '💔',
  'build-mended': '💚',
  'build-conflict': '🚨',
};

export interface BuildAlertFacts {
  readonly action: BuildAlert;
  readonly service: string;
  readonly sentence: string;
  readonly facts: BuildFacts;
  readonly host: string;
  /** Who decides about the targets: called when a version is not what it was. */
  readonly approvers: readonly string[];
}

/** With mentions where `who` gives them. */
export function buildAlertCard(
  { action, service, sentence, facts, host, approvers }: BuildAlertFacts,
  formatter: PeopleFormatter,
): Card {
  const text = `${buildSigns[action]} *${outside(service, 60)}*: ${outside(sentence, 600)}`;
  const { commit, branch, subject, authors, repository, url } = facts;
  const detail = join(
    subject !== undefined && `“${outside(subject, 200)}”`,
    commit && commitText(commit, commitUrl({ host, repository, url }, commit)),
    branch && `on ${code(branch)}`,
    authors.length > 0 && `by ${authorsText(authors, formatter)}`,
    runText(facts),
  );
  const called = approvers.slice(0, 15).map(formatter.person).join(' ');
  const loud = action === 'build-conflict' && called !== '' ? `${called}: please look; nothing was changed.` : '';
  return card(text, [section([text, detail, loud].filter((line) => line !== '').join('\n'))]);
}
