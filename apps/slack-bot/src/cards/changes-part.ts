// What a deployment changes, for its approvers: commits since the live version, their authors, and where to read on.

import type { DeploymentView, StoredBuild } from '@bg/engine';
import { type Block, section } from './blocks.ts';
import { authorsText, commitText } from './build-card.ts';
import type { Changes } from './changes.ts';
import { commitUrl } from './code-host.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { bytes, code, count, join, link, outside } from './text.ts';

const most = 5;

export interface ChangesShown extends Changes {
  /** Names, no mentions: a card does not notify the authors of its commits. */
  readonly names: PeopleFormatter;
}

export function changesPart(
  view: DeploymentView,
  _: PeopleFormatter,
  changes: ChangesShown | undefined,
): Block | undefined {
  const lines = [...commitLines(changes), ...sizeLine(view), ...notesLine(view)];
  return lines.length === 0 ? undefined : section(lines.join('\n'));
}

function commitLines(changes: ChangesShown | undefined): readonly string[] {
  if (changes === undefined || changes.commits.length === 0) return [];
  const { commits, compare, names } = changes;
  const more = commits.length - most;
  return [
    join(titleText(changes), compare && link(compare, 'all of it')),
    ...commits.slice(0, most).map((one) => commitLine(one, names)),
    ...(more > 0 ? [`… and ${more} more ${more === 1 ? 'commit' : 'commits'} that CI announced`] : []),
  ];
}

function sizeLine({ change, from }: DeploymentView): readonly string[] {
  if (change === undefined) return [];
  const { files, filesBefore } = change;
  const size = `${count(files)} ${files === 1 ? 'file' : 'files'}, ${bytes(change.bytes)}`;
  if (from === undefined || filesBefore === undefined || change.bytesBefore === undefined) return [`📐 ${size}`];
  return [`📐 ${size}; ${code(from.version, 64)} has ${count(filesBefore)}, ${bytes(change.bytesBefore)}`];
}

function notesLine({ notes }: DeploymentView): readonly string[] {
  return notes === undefined ? [] : [`🗒️ ${outside(notes, 500)}`];
}

function titleText({ since, back }: Changes): string {
  if (since === undefined) return '📝 *Made from*';
  return back ? `📝 *Takes back*, from ${code(since, 64)}` : `📝 *Changes* since ${code(since, 64)}`;
}

function commitLine(build: StoredBuild, formatter: PeopleFormatter): string {
  const { commit, subject, authors } = build;
  return `• ${join(
    commit && commitText(commit, commitUrl(build, commit)),
    subject === undefined ? undefined : outside(subject, 120),
    authors.length > 0 && authorsText(authors, formatter),
  )}`;
}
