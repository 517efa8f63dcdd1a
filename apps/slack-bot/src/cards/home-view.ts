// The Home tab: what waits for me, what is under way, what runs where.

import type { DeploymentView, StatusView } from '@bg/engine';
import { actions, type Block, context, divider, header, section } from './blocks.ts';
import { actionButtons } from './buttons.ts';
import { deploymentSentence } from './deployment-card.ts';
import { homeButtons } from './home-buttons.ts';
import { type HomePages, homePage, homePagesText, type Page, pageButtons, pageOf, pageText } from './pages.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { stageEmoji, stageOf } from './stage.ts';
import { targetBlocks } from './status-card.ts';
import { dateTime, join, link, outside } from './text.ts';

export interface HomeFacts {
  readonly status: StatusView;
  /** Deployments whose approval this person may give. */
  readonly mine: readonly DeploymentView[];
  readonly formatter: PeopleFormatter;
  /** An answer that could be shown nowhere else; its text, since its blocks may be what Slack refused. */
  readonly notice?: string | undefined;
  readonly pages?: HomePages | undefined;
  /** Address of the card of a deployment. */
  readonly cardOf?: (view: DeploymentView) => string | undefined;
  /** The person is in the list of people. */
  readonly canAct?: boolean;
}

export interface HomeView {
  readonly type: 'home';
  /** The pages that it shows: a click in the view stays on them. */
  readonly private_metadata: string;
  readonly blocks: Block[];
}

/** A view holds a hundred blocks; a page of each list fits. */
export function homeView({
  status,
  mine,
  formatter,
  notice,
  pages = firstPages,
  cardOf = () => undefined,
  canAct = true,
}: HomeFacts): HomeView {
  const live = status.targets.flatMap(({ live: deployment }) => (deployment === undefined ? [] : [deployment]));
  const approvals = pageOf(mine, pages.approvals);
  const underWay = pageOf(live, pages.live);
  const targets = pageOf(status.targets, pages.targets);
  const shown = { approvals: approvals.index, live: underWay.index, targets: targets.index };
  const turn = (list: keyof HomePages, page: Page<unknown>) => turnPage(page, list, shown);
  return {
    type: 'home',
    private_metadata: homePagesText(shown),
    blocks: [
      ...(notice === undefined ? [] : [section(notice), divider]),
      header('Waiting for your approval'),
      ...(mine.length === 0
        ? [section('Nothing waits for you.')]
        : approvals.shown.flatMap((view) => approvalBlocks(view, cardOf(view)))),
      ...turn('approvals', approvals),
      divider,
      header('Under way'),
      ...(live.length === 0
        ? [section('No deployment is under way.')]
        : underWay.shown.map((view) => liveBlock(view, cardOf(view)))),
      ...turn('live', underWay),
      divider,
      header('What runs where'),
      ...targets.shown.flatMap((target, index) => [
        ...targetBlocks(target, formatter),
        ...(canAct ? [homeButtons(target, index)] : []),
      ]),
      ...(canAct ? [] : [context('You have read-only access.')]),
      ...turn('targets', targets),
      context(join(`as of ${dateTime(status.at)}`, 'changes are shown for an hour after you opened this tab')),
    ],
  };
}

const firstPages: HomePages = { approvals: 0, live: 0, targets: 0 };

const names: Readonly<Record<keyof HomePages, string>> = {
  approvals: 'approvals',
  live: 'deployments',
  targets: 'targets',
};

function turnPage(page: Page<unknown>, list: keyof HomePages, shown: HomePages): readonly Block[] {
  const text = pageText(page, names[list]);
  const buttons = pageButtons(page, {
    name: `${homePage}:${list}`,
    valueFor: (index) => homePagesText({ ...shown, [list]: index }),
  });
  return text === undefined || buttons === undefined ? [] : [context(text), buttons];
}

function approvalBlocks(view: DeploymentView, address: string | undefined): readonly Block[] {
  const decide = view.actions.filter(({ name }) => name === 'approve' || name === 'reject');
  const buttons = actionButtons(view, decide);
  const reason = view.reason === undefined ? '' : `\n“${outside(view.reason, 300)}”`;
  const text = section(`🔒 ${deploymentSentence(view)}${reason}${cardLink(address)}`);
  return buttons.length === 0 ? [text] : [text, actions(buttons, `home:${view.id}:${view.stateVersion}`)];
}

function liveBlock(view: DeploymentView, address: string | undefined): Block {
  return section(`${stageEmoji[stageOf(view)]} ${deploymentSentence(view)}${cardLink(address)}`);
}

const cardLink = (address: string | undefined): string =>
  address === undefined ? '' : ` ${link(address, 'Open the card')}`;
