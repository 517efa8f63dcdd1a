// What a deployment changes, for whoever approves it: commits since the live version, their authors, and where to read on.

import type { StoredBuild } from '@bg/engine';
import type { Changes } from '../changes.ts';
import { commitUrl } from '../code-host.ts';
import { type Block, section } from './blocks.ts';
import { authorsText, commitText } from './build-card.ts';
import { code, join, link, outside } from './text.ts';
import type { Who } from './who.ts';

const most = 5;

export function changesPart(changes: Changes | undefined, who: Who): Block | undefined {
  if (changes === undefined || changes.commits.length === 0) return undefined;
  const { commits, compare } = changes;
  const more = commits.length - most;
  const lines = commits.slice(0, most).map((one) => commitLine(one, who));
  return section(
    [
      join(titleText(changes), compare && link(compare, 'all of it')),
      ...lines,
      ...(more > 0 ? [`… and ${more} more ${more === 1 ? 'commit' : 'commits'} that CI told of`] : []),
    ].join('\n'),
  );
}

function titleText({ since, back }: Changes): string {
  if (since === undefined) return '📝 *Made of*';
  return back ? `📝 *Takes back*, from ${code(since, 64)}` : `📝 *Changes* since ${code(since, 64)}`;
}

function commitLine(build: StoredBuild, who: Who): string {
  const { commit, subject, authors } = build;
  return `• ${join(
    commit && commitText(commit, commitUrl(build, commit)),
    subject === undefined ? undefined : outside(subject, 120),
    authors.length > 0 && authorsText(authors, who),
  )}`;
}
