// Everything that the audit log records, action by action, with its details: the log is the stream of events too. A new
// action is added to one of the lists in events/, and everything that must report it does not compile until it does, or
// says that it does not: audit-actions.ts for mail, pages and statuses, the bot's list for Slack.

import { buildEvents } from './events/builds.ts';
import type { AuditCodes } from './events/codes.ts';
import { decisionEvents, deploymentEvents } from './events/deployment.ts';
import { freezeEvents } from './events/freezes.ts';
import { monitoringEvents } from './events/monitoring.ts';
import { messageEvents, releaseEvents, schemaEvents } from './events/releases.ts';
import { type Read, readDetail, type Shape, type Written } from './events/shape.ts';
import { healthEvents, routingEvents, slotEvents } from './events/slots.ts';
import { waitingEvents } from './events/waiting.ts';

export const auditEvents = {
  ...deploymentEvents,
  ...decisionEvents,
  ...freezeEvents,
  ...waitingEvents,
  ...monitoringEvents,
  ...slotEvents,
  ...healthEvents,
  ...routingEvents,
  ...releaseEvents,
  ...schemaEvents,
  ...buildEvents,
  ...messageEvents,
} as const satisfies Readonly<Record<string, Shape>>;

type Events = typeof auditEvents;

export type AuditAction = keyof Events;

/** Those without a detail and without a code: nothing more than a sentence. */
export type BareAction = {
  [Action in AuditAction]: keyof Events[Action] extends never
    ? Action extends keyof AuditCodes
      ? never
      : Action
    : never;
}[AuditAction];

interface Envelope {
  /** As `actorName` gives it. */
  readonly actor: string;
  readonly service?: string | undefined;
  readonly target?: string | undefined;
  readonly deploymentId?: string | undefined;
  /** What happened, for people. */
  readonly sentence: string;
}

type Code<Action> = Action extends keyof AuditCodes
  ? { readonly code: AuditCodes[Action] }
  : { readonly code?: undefined };

type Detail<Action extends AuditAction> = keyof Events[Action] extends never
  ? { readonly detail?: undefined }
  : { readonly detail: Written<Events[Action]> };

interface BareFact {
  readonly action: BareAction;
  readonly detail?: undefined;
  readonly code?: undefined;
}

/** The part of an event that belongs to its action. */
export type FactOf<Action extends AuditAction> = {
  [Each in Action]: { readonly action: Each } & Detail<Each> & Code<Each>;
}[Action];

export type AuditFact = BareFact | FactOf<Exclude<AuditAction, BareAction>>;

/** All that may be written into the log. */
export type AuditEvent = Envelope & AuditFact;

/** A row as stored: of this version, or of an older one with actions and details that are no longer written. */
export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly service: string | null;
  readonly target: string | null;
  readonly deploymentId: string | null;
  /** Reason code, where there is one. */
  readonly code: string | null;
  readonly sentence: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

/** A row with an action that is known, and those fields of its detail that are as this version writes them. */
export type AuditRead<Action extends AuditAction = AuditAction> = {
  [Each in Action]: Omit<AuditRow, 'action' | 'detail'> & {
    readonly action: Each;
    readonly detail: Read<Events[Each]>;
  };
}[Action];

/** Undefined for an action that is no longer written: it is in the log, but no notifier reports it. */
export function readEvent(row: AuditRow): AuditRead | undefined {
  const { action, detail } = row;
  if (!isAuditAction(action)) return undefined;
  // The shape is the one of this action, which the compiler cannot follow through a name that it does not know.
  return { ...row, detail: readDetail(auditEvents[action], detail) } as AuditRead;
}

const isAuditAction = (action: string): action is AuditAction => Object.hasOwn(auditEvents, action);
