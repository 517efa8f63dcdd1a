// The Home tab: what waits for me, what is under way, what runs where.

import type { DeploymentView, StatusView } from '@bg/engine';
import { actions, type Block, context, divider, header, section } from './blocks.ts';
import { actionButtons } from './buttons.ts';
import { deploymentSentence } from './deployment-card.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { stageEmoji, stageOf } from './stage.ts';
import { targetBlocks } from './status-card.ts';
import { code, dateTime, join, outside } from './text.ts';

export interface HomeFacts {
  readonly status: StatusView;
  /** Deployments whose approval this person may give. */
  readonly mine: readonly DeploymentView[];
  readonly formatter: PeopleFormatter;
  /** An answer that could be shown nowhere else; its text, since its blocks may be what Slack refused. */
  readonly notice?: string | undefined;
}

export interface HomeView {
  readonly type: 'home';
  readonly blocks: Block[];
}

/** A view holds a hundred blocks; each list below is bounded so that they fit. */
const maxEach = 12;

export function homeView({ status, mine, formatter, notice }: HomeFacts): HomeView {
  const live = status.targets.flatMap(({ live: deployment }) => (deployment === undefined ? [] : [deployment]));
  return {
    type: 'home',
    blocks: [
      ...(notice === undefined ? [] : [section(notice), divider]),
      header('Waiting for your approval'),
      ...(mine.length === 0 ? [section('Nothing waits for you.')] : mine.slice(0, maxEach).flatMap(approvalBlocks)),
      ...leftOut(mine.length, 'approvals'),
      divider,
      header('Under way'),
      ...(live.length === 0 ? [section('No deployment is under way.')] : live.slice(0, maxEach).map(liveBlock)),
      ...leftOut(live.length, 'deployments'),
      divider,
      header('What runs where'),
      ...status.targets.slice(0, maxEach).flatMap((target) => targetBlocks(target, formatter)),
      ...leftOut(status.targets.length, 'targets'),
      context(join(`as of ${dateTime(status.at)}`, 'open this tab again to refresh it')),
    ],
  };
}

function leftOut(count: number, what: string): readonly Block[] {
  if (count <= maxEach) return [];
  return [context(`… and ${count - maxEach} more ${what}: \`/deploy status <service>/<target>\` shows each of them.`)];
}

function approvalBlocks(view: DeploymentView): readonly Block[] {
  const decide = view.actions.filter(({ name }) => name === 'approve' || name === 'reject');
  const buttons = actionButtons(view, decide);
  const reason = view.reason === undefined ? '' : `\n“${outside(view.reason, 300)}”`;
  const text = section(`🔒 ${deploymentSentence(view)}${reason}`);
  return buttons.length === 0 ? [text] : [text, actions(buttons, `home:${view.id}:${view.stateVersion}`)];
}

function liveBlock(view: DeploymentView): Block {
  return section(`${stageEmoji[stageOf(view)]} ${deploymentSentence(view)} ${code(view.id)}`);
}
