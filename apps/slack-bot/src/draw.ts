// An outbox message → where it goes and what it shows, from the state as it is when it is sent.

import type { DeploymentView, Engine, OutboxMessage, Settings } from '@bg/engine';
import type { Card } from './cards/blocks.ts';
import { contractCard } from './cards/contract-card.ts';
import { deploymentCard } from './cards/deployment-card.ts';
import { driftCard, driftOverCard } from './cards/drift-card.ts';
import { directCard, headCard, linesCard, lineText, noteCard } from './cards/lines.ts';
import { namesIn, whoIn } from './cards/who.ts';
import { cardKey, type Kind, type Payloads } from './messages.ts';
import type { Place } from './slack-api.ts';

export interface Drawn {
  readonly channel: string;
  readonly card: Card;
  /** The message with this key has to be there first; this one goes into its thread. */
  readonly inThreadOf?: string | undefined;
}

type Source = Pick<Engine, 'deployment' | 'migrations' | 'outbox' | 'settings' | 'target'>;

/** `also`: further lines of the same thread, said with the first. Undefined when there is nothing to say any more. */
export function draw(source: Source, message: OutboxMessage, also: readonly OutboxMessage[] = []): Drawn | undefined {
  const payloads = [message, ...also].map(({ payload }) => payload);
  return (drawings[message.kind as Kind] as Drawing<unknown> | undefined)?.(payloads[0], source, payloads);
}

/** The deployment whose thread the message goes into. */
export function threadOf({ kind, payload }: OutboxMessage): string | undefined {
  return kind === 'line' ? (payload as Payloads['line']).deploymentId : undefined;
}

type Drawing<P> = (payload: P, source: Source, all: readonly P[]) => Drawn | undefined;

const drawings: { readonly [K in Kind]: Drawing<Payloads[K]> } = {
  card: ({ deploymentId }, { deployment, settings }) => {
    const view = deployment(deploymentId);
    return view && { channel: view.channel, card: deploymentCard(view, whoIn(settings.people)) };
  },
  line: ({ deploymentId }, { deployment, settings }, all) => {
    const view = deployment(deploymentId);
    const inOrder = all.toSorted((left, right) => left.seq - right.seq);
    if (view === undefined) return undefined;
    return {
      channel: view.channel,
      card: linesCard(inOrder.map((facts) => oneLine(facts, view, settings))),
      inThreadOf: cardKey(view.id),
    };
  },
  note: (facts, { settings }) => ({ channel: facts.channel, card: noteCard(facts, namesIn(settings.people)) }),
  direct: ({ deploymentId, user, about }, { deployment, outbox, settings }) => {
    const view = deployment(deploymentId);
    if (view === undefined) return undefined;
    const channel = placeOf(outbox.reference(cardKey(deploymentId)))?.channel;
    return { channel: user, card: directCard({ view, about, channel }, namesIn(settings.people)) };
  },
  drift: (facts, { settings, target }) => {
    const found = target({ service: facts.service, target: facts.target });
    const drift = found.ok ? found.value.drift : undefined;
    if (!found.ok || drift === undefined || drift.id !== facts.id)
      return { channel: facts.channel, card: driftOverCard(facts, namesIn(settings.people)) };
    return { channel: facts.channel, card: driftCard({ ...found.value, drift }) };
  },
  contract: ({ id, channel }, { migrations, settings }) => {
    const view = migrations.contractNamed(id);
    return view && { channel, card: contractCard(view, whoIn(settings.people)) };
  },
  head: (facts) => ({ channel: facts.channel, card: headCard(facts) }),
};

function oneLine(facts: Payloads['line'], view: DeploymentView, settings: Settings): string {
  const calls = facts.mention === undefined ? '' : mentioned(facts.mention, view, settings);
  return `${lineText(facts, namesIn(settings.people))}${calls}`;
}

/** Only what needs somebody, and the end, makes a phone ring. */
function mentioned(whom: 'approvers' | 'requester', view: DeploymentView, { people }: Settings): string {
  const who = whoIn(people);
  if (whom === 'requester') return `  ${who.actor(view.requestedBy)}`;
  const approvers = view.approval?.status === 'pending' ? view.approval.approvers : [];
  return approvers.length === 0 ? '' : `\n${approvers.slice(0, 15).map(who.person).join(' ')}`;
}

export function placeOf(reference: unknown): Place | undefined {
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { channel, ts, earlier, print } = reference as Partial<Place>;
  return typeof channel === 'string' && typeof ts === 'string' ? { channel, ts, earlier, print } : undefined;
}
