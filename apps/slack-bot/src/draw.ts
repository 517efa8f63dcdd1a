// An outbox message → where it goes and what it shows, from the state as it is when it is sent.

import type { Engine, OutboxMessage, Settings } from '@bg/engine';
import { type Card, card, section } from './cards/blocks.ts';
import { deploymentCard } from './cards/deployment-card.ts';
import { directCard, headCard, lineText, noteCard } from './cards/lines.ts';
import { namesIn, whoIn } from './cards/who.ts';
import { cardKey, type Kind, type Payloads } from './messages.ts';
import type { Place } from './slack-api.ts';

export interface Drawn {
  readonly channel: string;
  readonly card: Card;
  /** The message with this key has to be there first; this one goes into its thread. */
  readonly inThreadOf?: string | undefined;
}

/** Undefined when there is nothing to say any more. */
export function draw(
  engine: Pick<Engine, 'deployment' | 'outbox' | 'settings'>,
  message: OutboxMessage,
): Drawn | undefined {
  const drawing = drawings[message.kind as Kind] as Drawing<unknown> | undefined;
  return drawing?.(message.payload, engine);
}

type Source = Parameters<typeof draw>[0];
type Drawing<P> = (payload: P, source: Source) => Drawn | undefined;

const drawings: { readonly [K in Kind]: Drawing<Payloads[K]> } = {
  card: ({ deploymentId }, { deployment, settings }) => {
    const view = deployment(deploymentId);
    return view && { channel: view.channel, card: deploymentCard(view, whoIn(settings.people)) };
  },
  line: (facts, { deployment, settings }) => {
    const view = deployment(facts.deploymentId);
    if (view === undefined) return undefined;
    const calls = facts.mention === undefined ? '' : mentioned(facts.mention, view, settings);
    const text = `${lineText(facts, namesIn(settings.people))}${calls}`;
    return { channel: view.channel, card: card(text, [section(text)]), inThreadOf: cardKey(view.id) };
  },
  note: (facts, { settings }) => ({ channel: facts.channel, card: noteCard(facts, namesIn(settings.people)) }),
  direct: ({ deploymentId, user, about }, { deployment, settings }) => {
    const view = deployment(deploymentId);
    return view && { channel: user, card: directCard(view, about, namesIn(settings.people)) };
  },
  head: (facts) => ({ channel: facts.channel, card: headCard(facts) }),
};

/** Only what needs somebody, and the end, makes a phone ring. */
function mentioned(
  whom: 'approvers' | 'requester',
  view: NonNullable<ReturnType<Engine['deployment']>>,
  { people }: Settings,
): string {
  const who = whoIn(people);
  if (whom === 'requester') return `  ${who.actor(view.requestedBy)}`;
  const approvers = view.approval?.status === 'pending' ? view.approval.approvers : [];
  return approvers.length === 0 ? '' : `\n${approvers.slice(0, 15).map(who.person).join(' ')}`;
}

export function placeOf(reference: unknown): Place | undefined {
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { channel, ts } = reference as Partial<Place>;
  return typeof channel === 'string' && typeof ts === 'string' ? { channel, ts } : undefined;
}
