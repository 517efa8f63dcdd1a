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
  readonly charts: readonly Chart[];
  readonly log: readonly string[];
  readonly failing: readonly FailedRequest[];
}

type Part = (view: DeploymentView, formatter: PeopleFormatter, drawn: Drawn) => Block | undefined;

const changed: Part = (view, formatter, { changes }) => changesPart(view, formatter, changes);
const sides: Part = (view, _, { charts }) => sidesPart(view, charts);
const lastLines: Part = ({ version }, _, { log }) => logPart(version, log);
const firstFailing: Part = ({ version }, _, { failing }) => failingPart(version, failing);
const numbers: readonly Part[] = [sides, verdictPart];

const underWay: readonly Part[] = [progressPart, changed, schemaPart, ...numbers, stepsPart];
/** What was seen matters most when it is over. */
const over: readonly Part[] = [causePart, ...numbers, firstFailing, lastLines, standbyPart];

/** What each stage shows between header and buttons. */
const layouts: Readonly<Record<Stage, readonly Part[]>> = {
  working: underWay,
  canary: underWay,
  approval: [approvalPart, changed, schemaPart, progressPart, ...numbers, stepsPart],
  held: underWay,
  paused: [pausedPart, ...underWay],
  baking: [progressPart, schemaPart, receiptPart, ...numbers, standbyPart, stepsPart],
  unwinding: [causePart, progressPart, ...numbers, stepsPart],
  promoted: [causePart, changed, receiptPart, schemaPart, standbyPart],
  aborted: over,
  'rolled-back': [causePart, ...numbers, firstFailing, lastLines, receiptPart, standbyPart],
  failed: [causePart, ...numbers, firstFailing, lastLines, standbyPart, stepsPart],
  superseded: over,
  cancelled: over,
  halted: [causePart, progressPart, ...numbers, firstFailing, lastLines, receiptPart, standbyPart, stepsPart],
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
  return card(deploymentSentence(view, end), [
    header(
      incident === undefined
        ? `${emojiOf(view, end)} ${subject(view)} · ${headline(view, end)}`
        : `🚨 ${subject(view)} · ${headline(view)}, in trouble`,
    ),
    end && section(`*${endSentence(end)}*`),
    incident && section(`🚨 *${countText(incident)}*\nLast: ${outside(incident.sentence, 300)}`),
    ...layouts[stage].map((part) => part(view, formatter, { changes, charts, log, failing })),
    warningsPart(view),
    changedPart(trend?.marks),
    buttons.length === 0 ? undefined : actions(buttons, `actions:${drawn}`),
    // After the buttons: a phone shows those first. One point is no line.
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
