// What the outbox holds for Slack: keys, kinds and payloads in one place. A payload names facts; it is drawn when it is sent.

import type { DeploymentView, Outbox } from '@bg/engine';
import type { IncidentFacts } from '../cards/incident-card.ts';
import type { LineFacts } from '../cards/lines.ts';
import type { SummaryFacts } from '../cards/summary-card.ts';

export const transport = 'slack';

/** `card` and the other kinds of `lasting` are updated in place; all others are sent once. */
export type Payloads = {
  readonly card: { readonly deploymentId: string };
  readonly line: LineFacts & { readonly deploymentId: string; readonly mention: 'approvers' | 'requester' | undefined };
  readonly note: LineFacts & { readonly name: string; readonly channel: string; readonly emoji: string };
  readonly direct: { readonly deploymentId: string; readonly user: string; readonly about: LineFacts | undefined };
  /** Asks an author for a look at the canary; updated in place when that is over. */
  readonly look: { readonly deploymentId: string; readonly user: string };
  /** Asks an approver, with a link to the card; updated in place when it is decided. */
  readonly 'approval-direct': { readonly deploymentId: string; readonly user: string; readonly approval: string };
  /** The charts as a file, in the thread of the card, for a workspace that does not know native ones. */
  readonly chart: { readonly deploymentId: string };
  /** The card itself, to a person, while its channel takes none. */
  readonly stranded: {
    readonly deploymentId: string;
    readonly user: string;
    readonly error: string;
    readonly channel: string;
  };
  /** To the owner of a lock that another person removed. */
  readonly 'lock-taken': LineFacts & {
    readonly name: string;
    readonly user: string;
    readonly emoji?: string | undefined;
  };
  /** One per drift; updated in place when it is over. */
  readonly drift: LineFacts & {
    readonly service: string;
    readonly target: string;
    readonly id: string;
    readonly name: string;
    readonly channel: string;
  };
  /** One per change of the configuration that does not hold for what runs yet; updated in place when it is decided. */
  readonly configuration: LineFacts & {
    readonly service: string;
    readonly target: string;
    readonly digest: string;
    readonly name: string;
    readonly channel: string;
    /** The facts are of an announcement, not of an end. */
    readonly isNews: boolean;
  };
  /** One per contract; updated in place as it is decided and run. */
  readonly contract: { readonly id: string; readonly channel: string };
  /** One per announced build and channel: `seq` is its row of the audit log. Updated in place with its state. */
  readonly build: { readonly seq: number; readonly build: number; readonly service: string; readonly channel: string };
  /** A build failed, is fixed, or came again with other content: to a channel, with mentions, or to a person. */
  readonly 'build-news': { readonly seq: number; readonly channel: string };
  readonly 'build-direct': { readonly seq: number; readonly user: string };
  /** One per delivery that could not be worked on; updated in place. */
  readonly delivery: { readonly id: number; readonly channel: string };
  /** Of a day or a week: the figures as they were when it was due. */
  readonly summary: SummaryFacts & { readonly channel: string };
  readonly head: { readonly seq: number; readonly hash: string; readonly channel: string };
  /** One per incident of a side; updated in place until it is over. */
  readonly incident: IncidentFacts;
  /** In the thread of the incident. `sentence`: undefined for its end. */
  readonly 'incident-line': {
    readonly incident: IncidentFacts;
    readonly sentence: string | undefined;
    /** It calls the people on call. */
    readonly mention: boolean;
  };
};

export type Kind = keyof Payloads;

const lasting: readonly string[] = [
  'card',
  'drift',
  'contract',
  'build',
  'delivery',
  'configuration',
  'stranded',
  'look',
  'incident',
  'approval-direct',
] satisfies readonly Kind[];

/** The others are sent once and never changed. */
export const isUpdatedInPlace = (kind: string): boolean => lasting.includes(kind);

/** To one person. */
export const isDirect = (kind: string): boolean =>
  ['direct', 'build-direct', 'stranded', 'lock-taken', 'look', 'approval-direct'].includes(kind);

export const incidentKey = ({ service, target, slot, firstSeq }: IncidentFacts): string =>
  `incident:${service}/${target}/${slot}:${firstSeq}`;

/** Where the last incident of a side is stored, so that the next process goes on with it. */
export const incidentStateKey = ({
  service,
  target,
  slot,
}: Pick<IncidentFacts, 'service' | 'target' | 'slot'>): string => `incident-of:${service}/${target}/${slot}`;

export const readIncident = (stored: unknown): IncidentFacts | undefined =>
  typeof stored === 'object' && stored !== null && 'firstSeq' in stored && 'lastSeq' in stored
    ? (stored as IncidentFacts)
    : undefined;

export const cardKey = (deploymentId: string): string => `card:${deploymentId}`;

export interface CardOptions {
  /** A change of state, not mere progress. */
  readonly urgent: boolean;
}

export function putCard(outbox: Outbox, view: Pick<DeploymentView, 'id' | 'outcome'>, { urgent }: CardOptions): void {
  const payload: Payloads['card'] = { deploymentId: view.id };
  outbox.put({ key: cardKey(view.id), transport, kind: 'card', payload, urgent, final: view.outcome !== undefined });
  for (const key of copiesOf(outbox, view.id)) outbox.again(key, { urgent });
}

/** A copy of the card for one person, while the channel takes no message. At most one per person and `moment`. */
export function putCopy(
  outbox: Outbox,
  { moment, ...payload }: Payloads['stranded'] & { readonly moment: 'approval' | 'card' },
): void {
  const { deploymentId, user } = payload;
  const key = `stranded:${deploymentId}:${moment}:${user}`;
  if (outbox.has(key)) return;
  outbox.put({ key, transport, kind: 'stranded', payload, urgent: true });
  rememberCopy(outbox, deploymentId, key);
}

/** Draws an old message as it would be now. A copy that an earlier version sent then changes with its card. */
export function redraw(
  outbox: Pick<Outbox, 'again' | 'reference' | 'remember'>,
  { key, kind, payload }: { readonly key: string; readonly kind: string; readonly payload: unknown },
): void {
  if (kind === 'stranded') rememberCopy(outbox, (payload as Payloads['stranded']).deploymentId, key);
  outbox.again(key);
}

function rememberCopy(outbox: Pick<Outbox, 'reference' | 'remember'>, deploymentId: string, key: string): void {
  const known = copiesOf(outbox, deploymentId);
  if (!known.includes(key)) outbox.remember(copiesKey(deploymentId), transport, [...known, key]);
}

const copiesKey = (deploymentId: string): string => `stranded-copies:${deploymentId}`;

function copiesOf({ reference }: Pick<Outbox, 'reference'>, deploymentId: string): readonly string[] {
  const keys = reference(copiesKey(deploymentId));
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}

/** Once per key: a row that is read again after a crash makes no second message. */
export function putOnce<
  K extends Exclude<
    Kind,
    | 'card'
    | 'drift'
    | 'contract'
    | 'build'
    | 'delivery'
    | 'configuration'
    | 'stranded'
    | 'look'
    | 'incident'
    | 'approval-direct'
  >,
>(
  outbox: Outbox,
  message: { readonly key: string; readonly kind: K; readonly payload: Payloads[K]; readonly urgent?: boolean },
): void {
  if (outbox.has(message.key)) return;
  outbox.put({ ...message, transport });
}
