// The one live message of a deployment: drawn again from the view after every change.

import { type Chart, chartsOf, type DeploymentView, type FailedRequest, inWords, type TrendView } from '@bg/engine';
import { actions, type Block, type Card, card, header, section } from './blocks.ts';
import { actionButtons } from './buttons.ts';
import { changedPart } from './changed-part.ts';
import { type ChangesShown, changesPart } from './changes-part.ts';
import { chartBlock, chartLimits } from './chart-block.ts';
import { failingPart } from './failing-part.ts';
import { countText, type IncidentFacts } from './incident-card.ts';
import { endSentence, type LiveEnd } from './live-end.ts';
import { logPart } from './log-part.ts';
import { progressPart, sidesPart, verdictPart } from './numbers-part.ts';
import {
  approvalPart,
  causePart,
  contextPart,
  needs,
  pausedPart,
  receiptPart,
  standbyPart,
  stepsPart,
  warningsPart,
} from './parts.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { schemaPart } from './schema-part.ts';
import { emojiOf, headline, type Stage, stageOf, subject } from './stage.ts';
import { count, outside, share } from './text.ts';
import { timelineButton } from './timeline-button.ts';
import { usersPart } from './users-part.ts';

interface More {
  readonly changes?: ChangesShown | undefined;
  /** Both sides over time. */
  readonly trend?: TrendView | undefined;
  /** The last lines of the new side when it failed. */
  readonly log?: readonly string[] | undefined;
  /** Set when its release was live and is not any more. */
  readonly end?: LiveEnd | undefined;
  /** The release is live, and in trouble. */
  readonly incident?: IncidentFacts | undefined;
  /** Of the web page; undefined where people do not reach it. */
  readonly webUrl?: string | undefined;
  /** Its first requests that failed, where it was taken back. */
  readonly failing?: readonly FailedRequest[] | undefined;
}

interface Drawn {
  readonly changes: ChangesShown | undefined;
  readonly trend: TrendView | undefined;
  readonly end: LiveEnd | undefined;
  readonly charts: readonly Chart[];
  readonly log: readonly string[];
  readonly failing: readonly FailedRequest[];
}

type Part = (view: DeploymentView, formatter: PeopleFormatter, drawn: Drawn) => Block | undefined;

const changed: Part = (view, formatter, { changes }) => changesPart(view, formatter, changes);
const sides: Part = (view, _, { charts }) => sidesPart(view, charts);
const lastLines: Part = ({ version }, _, { log }) => logPart(version, log);
const firstFailing: Part = ({ version }, _, { failing }) => failingPart(version, failing);

/** `first` stands above the buttons, on the first screen of a phone; `details` below them. */
interface Layout {
  readonly first: readonly Part[];
  readonly details: readonly Part[];
}

const underWay: Layout = {
  first: [usersPart, progressPart, verdictPart],
  details: [sides, changed, schemaPart, stepsPart],
};
/** What was seen matters most when it is over. */
const over: Layout = {
  first: [causePart, usersPart, verdictPart],
  details: [sides, firstFailing, lastLines, receiptPart, standbyPart],
};

const layouts: Readonly<Record<Stage, Layout>> = {
  working: underWay,
  canary: underWay,
  approval: {
    first: [approvalPart, usersPart, verdictPart],
    details: [sides, changed, schemaPart, progressPart, stepsPart],
  },
  held: underWay,
  paused: { ...underWay, first: [pausedPart, ...underWay.first] },
  baking: { ...underWay, details: [sides, receiptPart, standbyPart, changed, schemaPart, stepsPart] },
  unwinding: { first: [causePart, usersPart, progressPart], details: [verdictPart, sides, stepsPart] },
  promoted: { first: [causePart, usersPart], details: [receiptPart, standbyPart, changed, schemaPart] },
  aborted: over,
  'rolled-back': over,
  failed: { ...over, details: [...over.details, stepsPart] },
  superseded: over,
  cancelled: over,
  halted: { ...over, details: [progressPart, ...over.details, stepsPart] },
};

export function deploymentCard(view: DeploymentView, formatter: PeopleFormatter, more: More = {}): Card {
  const { changes, trend, log = [], failing = [], end } = more;
  const incident = end === undefined ? more.incident : undefined;
  const stage = stageOf(view);
  const looking = view.outcome === undefined ? [] : [timelineButton(view.id)];
  const buttons = [...actionButtons(view, view.actions), ...looking];
  const charts = trend === undefined ? [] : chartsOf(trend, chartLimits.categories);
  // "If a message is updated, use a new block_id": Slack's own advice, or old buttons linger on some clients.
  const drawn = `${view.id}:${view.stateVersion}:${view.observation?.at ?? 0}`;
  const shown = { changes, charts, log, trend, end, failing };
  return card(deploymentSentence(view, end), [
    header(
      incident === undefined
        ? `${emojiOf(view, end)} ${subject(view)} · ${headline(view, end)}`
        : `🚨 ${subject(view)} · ${headline(view)}, in trouble`,
    ),
    end && section(`*${endSentence(end)}*`),
    incident && section(`🚨 *${countText(incident)}*\nLast: ${outside(incident.sentence, 300)}`),
    ...layouts[stage].first.map((part) => part(view, formatter, shown)),
    warningsPart(view),
    changedPart(trend?.marks),
    buttons.length === 0 ? undefined : actions(buttons, `actions:${drawn}`),
    ...layouts[stage].details.map((part) => part(view, formatter, shown)),
    // One point is no line.
    ...charts
      .filter(({ labels }) => labels.length > 1)
      .slice(0, chartLimits.charts)
      .map((chart) => chartBlock(chart, drawn)),
    { ...contextPart(smallPrintOf(view, changes), formatter, more.webUrl), block_id: `about:${drawn}` },
  ]);
}

/** The origin is left out where the commits are listed. */
function smallPrintOf(view: DeploymentView, changes: ChangesShown | undefined): DeploymentView {
  return changes === undefined ? view : { ...view, origin: undefined };
}

/** The whole state in one sentence: what a screen reader reads and a notification shows. */
export function deploymentSentence(view: DeploymentView, end?: LiveEnd): string {
  const what = outside(`${subject(view)}: ${headline(view, end)}`, 250);
  if (view.outcome !== undefined) return `${what}. ${outside(view.outcome.sentence, 600)}`;
  if (view.cause !== undefined) return `${what}. ${outside(view.cause.sentence, 600)}`;
  const rest = [numbersSentence(view), nextSentence(view)].filter((part) => part !== '');
  return [`${what}.`, ...rest].join(' ');
}

function numbersSentence({ observation, from, version }: DeploymentView): string {
  if (observation === undefined) return '';
  const { stable, canary, judgement } = observation;
  const words = outside(inWords(judgement, { version, from: from?.version }), 300);
  const verdict = `verdict ${judgement.verdict}${judgement.verdict === 'Successful' ? '' : `: ${words}`}.`;
  if (canary.requests === 0) return verdict;
  const other =
    from === undefined || stable.requests === 0
      ? ''
      : ` against ${share(stable.errors, stable.requests)} on ${outside(from.version, 64)}`;
  return `${count(canary.requests)} requests, ${share(canary.errors, canary.requests)} errors${other}, ${verdict}`;
}

function nextSentence({ approval }: DeploymentView): string {
  return approval?.status === 'pending' ? `Needs ${needs(approval)}.` : '';
}
