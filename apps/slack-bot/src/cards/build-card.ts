// An announced build in the channel of its targets: its origin, its state on each target, and a button to deploy it.

import type { ArtifactPlace, BuildAnnounced, DeploymentView } from '@bg/engine';
import { actions, type Block, type Button, button, type Card, card, context, header, section } from './blocks.ts';
import type { BuildSide } from './build-sides.ts';
import { buildRefText } from './button-value.ts';
import { commitUrl, webUrl } from './code-host.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { headline, stageEmoji, stageOf } from './stage.ts';
import { code, dateTime, join, link, outside } from './text.ts';

/** Each target has another action id: Slack wants them to differ within a block. */
export const deployBuild = 'deploy-build';

export interface BuildShown {
  readonly service: string;
  readonly facts: BuildAnnounced;
  readonly host: string;
  readonly at: number;
  readonly sides: readonly BuildSide[];
  /** The place of its files was announced later than the build. */
  readonly isFoundSince: boolean;
  /** The next good build of the same branch. A card with one shows nothing that changes with every deployment. */
  readonly newer: string | undefined;
  /** Address of a deployment's card. */
  readonly cardOf: (deploymentId: string) => string | undefined;
}

const mostSides = 20;

export function buildCard(shown: BuildShown, formatter: PeopleFormatter): Card {
  const { service, facts } = shown;
  const name = `${service} ${facts.version}`;
  const { emoji, words } = stateOf(shown);
  const buttons = buttonsOf(shown);
  return card(outside(`${name}: ${words}. ${facts.subject ?? ''}`, 600), [
    header(`${emoji} ${name} · ${words}`),
    section(`${whatText(shown)}\n${madeOf(shown, formatter)}`),
    olderText(shown),
    remarksText(facts),
    sidesText(shown, formatter),
    buttons.length === 0 ? undefined : actions(buttons, blockId(shown)),
    context(smallPrint(shown)),
  ]);
}

/** A target that is not configured any more is not shown; there may be none left. */
function sidesText(shown: BuildShown, formatter: PeopleFormatter): Block | undefined {
  const lines = shown.sides.slice(0, mostSides).map((side) => sideLine(side, shown, formatter));
  return lines.length === 0 ? undefined : section(lines.join('\n'));
}

/** New with every state that is drawn, or old buttons linger on some clients. */
const blockId = ({ facts, sides }: BuildShown): string =>
  `build:${facts.build}:${sides.map(({ last }) => `${last?.id ?? '-'}:${last?.stateVersion ?? 0}`).join()}`;

function stateOf({ sides, facts, newer }: BuildShown): { readonly emoji: string; readonly words: string } {
  if (sides.some(isUnderWay)) return { emoji: '🔵', words: 'being deployed' };
  const live = sides.filter((side) => side.live === facts.version);
  if (live.length > 0)
    return { emoji: '🟢', words: `live${sides.length > live.length ? ` on ${live.map(targetOf).join(', ')}` : ''}` };
  if (facts.pullRequest !== undefined) return { emoji: '📦', words: `built for pull request #${facts.pullRequest}` };
  return isOld({ facts, newer })
    ? { emoji: '📦', words: 'built, older' }
    : { emoji: '📦', words: 'built, ready to deploy' };
}

const isUnderWay = ({ last }: BuildSide): boolean => last !== undefined && last.outcome === undefined;
const isOld = ({ facts, newer }: Pick<BuildShown, 'facts' | 'newer'>): boolean => facts.older || newer !== undefined;
const targetOf = ({ reaction }: BuildSide): string => reaction.target;

/** The first line of the commit's message, which leads to the run. */
function whatText({ facts }: BuildShown): string {
  const subject = facts.subject === undefined ? 'A build without a message' : outside(facts.subject, 200);
  return `*${subject}*`;
}

function madeOf({ facts, host }: BuildShown, formatter: PeopleFormatter): string {
  const { commit, branch, tag, authors, pullRequest, url, repository } = facts;
  const named = commit && commitText(commit, commitUrl({ host, repository, url }, commit));
  return join(
    named,
    tag === undefined ? branch && `on ${code(branch)}` : `tag ${code(tag)}`,
    pullRequest !== undefined && `pull request #${pullRequest}`,
    authors.length > 0 && `by ${authorsText(authors, formatter)}`,
    runText(facts),
  );
}

const mostAuthors = 5;

export function authorsText(authors: BuildAnnounced['authors'], formatter: PeopleFormatter): string {
  const more = authors.length - mostAuthors;
  return `${authors.slice(0, mostAuthors).map(formatter.author).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export function commitText(commit: string, url: string | undefined): string {
  const short = commit.slice(0, 8);
  return url === undefined ? code(short) : link(url, short);
}

export function runText({ url }: Pick<BuildAnnounced, 'url'>): string | undefined {
  const safe = webUrl(url);
  return safe === undefined ? undefined : link(safe, 'the run');
}

function olderText({ facts, newer }: BuildShown): Block | undefined {
  if (newer !== undefined) return section(`⏳ *Older*: ${code(newer, 64)} came after it.`);
  return facts.older ? section('⏳ *Older* than what is live: its commit was made before.') : undefined;
}

function remarksText({ remarks = [] }: BuildAnnounced): Block | undefined {
  return remarks.length === 0 ? undefined : section(remarks.map((remark) => `⚠️ ${outside(remark, 300)}`).join('\n'));
}

function sideLine(side: BuildSide, { facts, cardOf, newer }: BuildShown, formatter: PeopleFormatter): string {
  const { reaction, last, live } = side;
  const where = `*${outside(reaction.target, 40)}*`;
  const now = newer !== undefined ? '' : live === undefined ? 'nothing is live yet' : `${code(live, 64)} is live`;
  if (last === undefined) return `◦ ${where}: ${[now || 'not deployed', ...ruleText(side)].join('; ')}`;
  const own = cardOf(last.id);
  const byRule = last.requestedBy.startsWith('machine:') ? ' as the rule says' : '';
  return join(
    `${outcomeText({ last, isLive: live === facts.version, where, now })}${byRule}, asked by ${formatter.actor(last.requestedBy)}`,
    own && link(own, 'its card'),
  );
}

interface Ended {
  readonly last: DeploymentView;
  readonly isLive: boolean;
  readonly where: string;
  readonly now: string;
}

function outcomeText({ last, isLive, where, now }: Ended): string {
  if (last.outcome === undefined) return `🔵 ${where}: being deployed`;
  if (isLive) return `🟢 ${where}: live`;
  const since = now === '' ? '' : `, ${now}`;
  if (last.outcome.kind === 'promoted') return `⚪ ${where}: was live before${since}`;
  const what = `${stageEmoji[stageOf(last)]} ${where}: ${outside(headline(last), 80)}`;
  return `${what}: ${outside(last.outcome.sentence, 300)}${since}`;
}

/** What the rule made of it, where that is more than to announce it. */
function ruleText({ reaction: { reaction, became, sentence } }: BuildSide): readonly string[] {
  return reaction === 'deploy' && became !== 'deploying' ? [outside(sentence, 300)] : [];
}

function buttonsOf(shown: BuildShown): readonly Button[] {
  const { facts, sides } = shown;
  const free = sides.filter((side) => !isUnderWay(side) && side.live !== facts.version).slice(0, mostSides);
  return free.map((side, index) => deployButton(side, shown, index === 0));
}

function deployButton({ settings, reaction, last, live }: BuildSide, shown: BuildShown, isFirst: boolean): Button {
  const { service, facts } = shown;
  const { version, build } = facts;
  const { target } = reaction;
  const old = isOld(shown);
  const from = live === undefined ? ', where nothing is live yet' : `, where ${live} is live`;
  const newest = shown.newer === undefined ? 'Its commit is older than the live one' : `${shown.newer} came after it`;
  return button({
    actionId: `deploy.${deployBuild}:${target}`,
    label: `Deploy to ${target}${old ? ' (older)' : ''}`,
    value: buildRefText({ service, target, build, version, last: last?.id }),
    style: old ? 'danger' : isFirst ? 'primary' : undefined,
    confirm: {
      title: `Deploy ${version} to ${target}?`,
      text: outside(
        `${service} ${version} goes to ${target}${shown.newer === undefined ? from : ''}: ${wayText(settings)}.${old ? ` ${newest}.` : ''}`,
        280,
      ),
    },
  });
}

/** `10 %, 10 % after approval, then all users`. */
function wayText({ canary, approval }: BuildSide['settings']): string {
  const shares = canary.map(({ percent, approval: asks }) => `${percent} %${asks ? ' with an approval' : ''}`);
  const first = approval.beforeTraffic ? ['an approval'] : [];
  const all = [...first, ...shares];
  return all.length === 0 ? 'all users at once, when it is healthy' : `${all.slice(0, 8).join(', ')}, then all users`;
}

const filesFrom: Readonly<Record<ArtifactPlace['kind'], string>> = {
  directory: 'files from the folder',
  archive: 'files from',
  url: 'files from',
  image: 'image',
  git: 'built here from',
};

function smallPrint({ facts, host, at, isFoundSince }: BuildShown): string {
  const { artifact, build } = facts;
  const unnamed = isFoundSince ? 'the place of its files was announced later' : 'its files should be here already';
  return join(
    artifact === undefined ? unnamed : `${filesFrom[artifact.kind]} ${code(artifact.place, 200)}`,
    `announced through ${code(host, 40)} ${dateTime(at)}`,
    `build ${build}`,
  );
}
