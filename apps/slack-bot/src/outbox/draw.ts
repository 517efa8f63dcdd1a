// An outbox message → where it goes and what it shows, from the state as it is when it is sent.

import { type DeploymentView, drawCharts, type Engine, type OutboxMessage, type Settings } from '@bg/engine';
import { approvalDirectCard, isAsked } from '../cards/approval-direct-card.ts';
import type { Card } from '../cards/blocks.ts';
import { configurationCard, configurationOverCard } from '../cards/configuration-card.ts';
import { contractCard } from '../cards/contract-card.ts';
import { deliveryCard } from '../cards/delivery-card.ts';
import { deploymentCard } from '../cards/deployment-card.ts';
import { driftCard, driftOverCard } from '../cards/drift-card.ts';
import { incidentCard, incidentLine } from '../cards/incident-card.ts';
import { directCard, headCard, linesCard, lineText, noteCard } from '../cards/lines.ts';
import { canLook, lookCard } from '../cards/look-card.ts';
import { mentionFormatter, nameFormatter } from '../cards/people-formatter.ts';
import { strandedCard } from '../cards/stranded-card.ts';
import { summaryCard } from '../cards/summary-card.ts';
import type { Slack } from '../slack/api.ts';
import { drawBuild, drawBuildAlert } from './draw-build.ts';
import { drawCard } from './draw-card.ts';
import { aroundIncident } from './draw-incident.ts';
import { cardKey, incidentKey, type Kind, type Payloads } from './messages.ts';
import { readMessageRef } from './references.ts';

export interface Drawn {
  readonly channel: string;
  readonly card: Card;
  /** Sent as a file instead; undefined where there is nothing to draw. */
  readonly file?: (() => Promise<ChartFile | undefined>) | undefined;
  /** What it shows has ended; no person has to decide. */
  readonly over?: boolean;
  /** The message with this key has to be there first; this one goes into its thread. */
  readonly inThreadOf?: string | undefined;
  /** It links to the message with this key, and waits for it for a moment. */
  readonly linksTo?: string | undefined;
}

export interface ChartFile {
  readonly name: string;
  readonly title: string;
  readonly content: string;
}

export type Source = Pick<
  Engine,
  | 'audit'
  | 'builds'
  | 'deployment'
  | 'history'
  | 'inbox'
  | 'migrations'
  | 'outbox'
  | 'pendingConfiguration'
  | 'settings'
  | 'target'
  | 'timelines'
>;

interface DrawTools {
  readonly engine: Source;
  readonly slack: Pick<Slack, 'addressOf'>;
}

interface DrawContext extends DrawTools {
  /** An earlier state of the message was sent. */
  readonly isPosted: boolean;
}

export interface DrawInput extends DrawTools {
  readonly message: OutboxMessage;
  /** Further lines of the same thread, sent in the same message. */
  readonly also?: readonly OutboxMessage[];
}

/** Undefined when there is nothing to show any more. */
export function draw({ message, also = [], ...tools }: DrawInput): Drawn | undefined {
  const payloads = [message, ...also].map(({ payload }) => payload);
  const isPosted = readMessageRef(message.reference) !== undefined;
  const drawing = drawings[message.kind as Kind] as Drawing<unknown> | undefined;
  return drawing?.(payloads[0], { ...tools, isPosted }, payloads);
}

/** The deployment whose thread the message goes into. */
export function threadOf({ kind, payload }: OutboxMessage): string | undefined {
  return kind === 'line' ? (payload as Payloads['line']).deploymentId : undefined;
}

type Drawing<P> = (payload: P, context: DrawContext, all: readonly P[]) => Drawn | undefined;

const drawings: { readonly [K in Kind]: Drawing<Payloads[K]> } = {
  card: ({ deploymentId }, { engine }) => drawCard(engine, deploymentId),
  look: ({ deploymentId, user }, { engine: { deployment, outbox } }) => {
    const view = deployment(deploymentId);
    if (view === undefined) return undefined;
    const channel = readMessageRef(outbox.reference(cardKey(deploymentId)))?.channel;
    return { channel: user, card: lookCard(view, channel), over: !canLook(view) };
  },
  chart: ({ deploymentId }, { engine: { deployment, timelines } }) => {
    const view = deployment(deploymentId);
    const trend = timelines.trend(deploymentId);
    if (view === undefined || trend === undefined) return undefined;
    const title = `${view.name} ${trend.from === undefined ? '' : `${trend.from} → `}${trend.version}: errors and latency`;
    const file = async () => {
      const content = await drawCharts(trend, title);
      return content === undefined ? undefined : { name: `${view.id}.svg`, title, content };
    };
    return { channel: view.channel, card: { text: title, blocks: [] }, inThreadOf: cardKey(view.id), file };
  },
  line: ({ deploymentId }, { engine: { deployment, settings } }, all) => {
    const view = deployment(deploymentId);
    const inOrder = all.toSorted((left, right) => left.seq - right.seq);
    if (view === undefined) return undefined;
    return {
      channel: view.channel,
      card: linesCard(inOrder.map((facts) => oneLine(facts, view, settings))),
      inThreadOf: cardKey(view.id),
    };
  },
  note: (facts, { engine: { settings } }) => ({
    channel: facts.channel,
    card: noteCard(facts, nameFormatter(settings.people)),
  }),
  'lock-taken': (facts, { engine: { settings } }) => ({
    channel: facts.user,
    card: noteCard({ ...facts, emoji: facts.emoji ?? '🔓' }, nameFormatter(settings.people)),
  }),
  direct: ({ deploymentId, user, about }, tools) => {
    const { deployment, settings } = tools.engine;
    const view = deployment(deploymentId);
    if (view === undefined) return undefined;
    const address = addressOfCard(tools, deploymentId);
    return {
      channel: user,
      card: directCard({ view, about, address }, nameFormatter(settings.people)),
      linksTo: cardKey(deploymentId),
    };
  },
  'approval-direct': ({ deploymentId, user, approval }, tools) => {
    const { deployment, settings } = tools.engine;
    const view = deployment(deploymentId);
    if (view === undefined) return undefined;
    const shown = { view, id: approval, address: addressOfCard(tools, deploymentId) };
    return {
      channel: user,
      card: approvalDirectCard(shown, nameFormatter(settings.people)),
      over: !isAsked(view, approval),
      linksTo: cardKey(deploymentId),
    };
  },
  stranded: ({ deploymentId, user, error, channel }, { engine: { deployment, settings }, isPosted }) => {
    const view = deployment(deploymentId);
    // The requester gets a message about the end; only a copy that exists already is updated.
    if (view === undefined || (view.outcome !== undefined && !isPosted)) return undefined;
    const card = deploymentCard(view, mentionFormatter(settings.people));
    return { channel: user, card: strandedCard(card, { error, channel }), over: view.outcome !== undefined };
  },
  drift: (facts, { engine: { settings, target } }) => {
    const found = target({ service: facts.service, target: facts.target });
    const drift = found.ok ? found.value.drift : undefined;
    if (!found.ok || drift === undefined || drift.id !== facts.id)
      return { channel: facts.channel, card: driftOverCard(facts, nameFormatter(settings.people)), over: true };
    return { channel: facts.channel, card: driftCard({ ...found.value, drift }) };
  },
  configuration: (facts, { engine: { pendingConfiguration, settings } }) => {
    const pending = pendingConfiguration(facts);
    const { channel } = facts;
    if (pending === undefined || pending.digest !== facts.digest || pending.leftBy !== undefined)
      return { channel, card: configurationOverCard(facts, pending, mentionFormatter(settings.people)), over: true };
    return { channel, card: configurationCard(facts, pending) };
  },
  contract: ({ id, channel }, { engine: { migrations, settings } }) => {
    const view = migrations.contractNamed(id);
    const over = view !== undefined && !['pending', 'approved', 'running'].includes(view.status);
    return view && { channel, card: contractCard(view, mentionFormatter(settings.people)), over };
  },
  build: ({ seq, service, channel }, hand) => drawBuild({ seq, service, channel }, hand),
  'build-news': ({ seq, channel }, { engine }) =>
    drawBuildAlert(engine, { seq, to: channel, formatter: mentionFormatter }),
  'build-direct': ({ seq, user }, { engine }) => drawBuildAlert(engine, { seq, to: user, formatter: nameFormatter }),
  delivery: ({ id, channel }, { engine: { inbox } }) => {
    const delivery = inbox.show(id);
    return delivery && { channel, card: deliveryCard(delivery) };
  },
  incident: (facts, { engine }) => {
    const around = aroundIncident(engine, facts);
    const card = incidentCard(facts, around, mentionFormatter(engine.settings.people));
    return { channel: facts.channel, card, over: facts.over !== undefined };
  },
  'incident-line': (line, { engine }) => ({
    channel: line.incident.channel,
    card: incidentLine(line, aroundIncident(engine, line.incident).onCall, mentionFormatter(engine.settings.people)),
    inThreadOf: incidentKey(line.incident),
  }),
  summary: (facts) => ({ channel: facts.channel, card: summaryCard(facts) }),
  head: (facts) => ({ channel: facts.channel, card: headCard(facts) }),
};

function addressOfCard({ engine, slack }: DrawTools, deploymentId: string): string | undefined {
  const place = readMessageRef(engine.outbox.reference(cardKey(deploymentId)));
  return place && slack.addressOf(place);
}

function oneLine(facts: Payloads['line'], view: DeploymentView, settings: Settings): string {
  const calls = facts.mention === undefined ? '' : mentioned(facts.mention, view, settings);
  return `${lineText(facts, nameFormatter(settings.people))}${calls}`;
}

/** Only a decision and the end mention people. */
function mentioned(whom: 'approvers' | 'requester', view: DeploymentView, { people }: Settings): string {
  const formatter = mentionFormatter(people);
  if (whom === 'requester') return `  ${formatter.actor(view.requestedBy)}`;
  const approvers = view.approval?.status === 'pending' ? view.approval.approvers : [];
  return approvers.length === 0 ? '' : `\n${approvers.slice(0, 15).map(formatter.person).join(' ')}`;
}
