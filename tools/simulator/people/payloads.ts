// The envelopes around what a person did, in the shapes Slack sends them.
import type { Context } from '../context.ts';
import { SimulatorError } from '../errors.ts';
import type { Delivery } from '../journal.ts';
import type { Json } from '../json.ts';
import type { Channel, User, Workspace } from '../store.ts';

/** Not the signing secret: the old verification token that still travels in every payload. */
export const VERIFICATION_TOKEN = 'simulator-verification-token';

/** What became of something a person did, as far as the person can know. */
export interface DeliveryResult {
  readonly deliveryId?: string;
  /** HTTP status of the app's answer; null when none came. */
  readonly status: number | null;
  readonly ms: number;
  readonly ackBody: string;
  /** The error that the person sees: `operation_timeout`, `dispatch_failed`, `needs_confirm`, `unknown_command` … */
  readonly error?: string;
}

export function resultOf(delivery: Delivery): DeliveryResult {
  const { id, status, ms, ackBody, error } = delivery;
  return { deliveryId: id, status, ms, ackBody, ...(error !== undefined && { error }) };
}

/** Slack itself said no: nothing was sent. */
export function notSent(error: string): DeliveryResult {
  return { status: null, ms: 0, ackBody: '', error };
}

export function interactionBase(workspace: Workspace, user: User): Json {
  return {
    user: { id: user.id, username: user.name, name: user.name, team_id: user.teamId },
    api_app_id: workspace.app.id,
    token: VERIFICATION_TOKEN,
    team: { id: workspace.team.id, domain: workspace.team.domain },
    enterprise: workspace.enterpriseId === undefined ? null : { id: workspace.enterpriseId, name: 'Organisation' },
    is_enterprise_install: false,
  };
}

export function eventEnvelope(context: Context, event: Json, eventId: string): Json {
  const { workspace } = context;
  return {
    token: VERIFICATION_TOKEN,
    team_id: workspace.team.id,
    api_app_id: workspace.app.id,
    event,
    type: 'event_callback',
    authorizations: [
      {
        enterprise_id: null,
        team_id: workspace.team.id,
        user_id: workspace.app.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_id: eventId,
    event_time: Math.floor(workspace.clock.now() / 1000),
  };
}

/** @throws SimulatorError `not-found` */
export function personOf(workspace: Workspace, idOrName: string): User {
  const user =
    workspace.users.get(idOrName) ??
    [...workspace.users.values()].find((each) => each.name === idOrName.replace(/^@/, ''));
  if (user === undefined || user.isBot)
    throw new SimulatorError('not-found', `there is no person "${idOrName}" in the workspace`);
  return user;
}

/** @throws SimulatorError `not-found` */
export function channelOf(workspace: Workspace, idOrName: string): Channel {
  const channel =
    workspace.channels.get(idOrName) ??
    [...workspace.channels.values()].find((each) => each.kind !== 'im' && each.name === idOrName.replace(/^#/, ''));
  if (channel === undefined)
    throw new SimulatorError('not-found', `there is no channel "${idOrName}" in the workspace`);
  return channel;
}
