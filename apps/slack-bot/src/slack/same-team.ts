// In a shared channel people of other companies see the buttons too. They may not use them. On Enterprise Grid a person
// belongs to the organisation, and is known by id in every workspace.

import { type Engine, findPerson, patiently, type Refusal } from '@bg/engine';
import { refusalCard } from '../cards/refusal-card.ts';
import { noticeModal } from '../modals/notice-modal.ts';
import type { Slack } from './api.ts';
import { acknowledge, formErrors, type Guard, type GuardArgs, refuseForm, type SubmittedForm } from './guards.ts';
import type { KnownIdentity } from './identity.ts';

export interface TeamGuardOptions {
  readonly engine: Pick<Engine, 'countUnauthenticated' | 'recordRejection' | 'settings' | 'whenWritable'>;
  readonly slack: Pick<Slack, 'openView'>;
  readonly identity: KnownIdentity;
}

export function sameTeamOnly({ engine, slack, identity }: TeamGuardOptions): Guard {
  const own = (origin: Origin): Own => {
    const known = identity.get();
    return {
      // Before Slack answered once, the workspace of the request itself is used.
      team: engine.settings.slack.team ?? known?.teamId ?? origin.team ?? origin.userTeam,
      enterprise: known === undefined ? origin.enterprise : known.enterpriseId,
    };
  };
  return async ({ body, ack, context, respond, next }: GuardArgs) => {
    const request = body as Body;
    const person = findPerson(engine.settings, { slack: request.user?.id ?? request.user_id });
    const origin = originOf(request);
    if (isOurs(origin, own(origin), person !== undefined)) return next();
    await patiently(engine.whenWritable, () =>
      person === undefined
        ? engine.countUnauthenticated('slack')
        : engine.recordRejection({ kind: 'person', id: person.id, door: 'slack' }, otherWorkspace),
    );
    const { text } = refusalCard(otherWorkspace);
    const errors = formErrors(request, `⛔ ${text}`);
    await (errors === undefined ? acknowledge({ ack, context }) : refuseForm(ack, errors));
    if (respond !== undefined)
      await respond({ text: `⛔ ${text}`, response_type: 'ephemeral', replace_original: false });
    else if (request.type === 'block_actions' && request.trigger_id !== undefined)
      await slack.openView(request.trigger_id, noticeModal(refusalCard(otherWorkspace)));
  };
}

const otherWorkspace: Refusal = {
  code: 'not-in-team',
  sentence: 'Only people of this workspace can steer its deployments.',
  hint: 'On Enterprise Grid the app must be installed in the same organisation.',
};

interface Own {
  readonly team: string | undefined;
  readonly enterprise: string | undefined;
}

/** What a request says about where it comes from; on Grid `userTeam` is a home workspace or the organisation itself. */
interface Origin extends Own {
  readonly userTeam: string | undefined;
}

function isOurs({ team, enterprise, userTeam }: Origin, own: Own, isKnown: boolean): boolean {
  const isOwn = (id: string | undefined): boolean => id !== undefined && (id === own.team || id === own.enterprise);
  const isOrganisation = own.enterprise !== undefined && enterprise === own.enterprise;
  // An app of the whole organisation gets requests without a workspace.
  const isOwnPlace = isOrganisation || (team === undefined ? isOwn(userTeam) : isOwn(team));
  // The organisation of a request is that of its channel, so it does not vouch for the person.
  return isOwnPlace && (userTeam === undefined || isOwn(userTeam) || (isOrganisation && isKnown));
}

interface Body extends SubmittedForm {
  readonly trigger_id?: string;
  readonly team_id?: unknown;
  readonly user_id?: string;
  readonly enterprise_id?: unknown;
  readonly team?: { readonly id?: unknown } | null;
  readonly enterprise?: { readonly id?: unknown } | null;
  readonly user?: { readonly id?: string; readonly team_id?: unknown } | null;
}

function originOf({ team_id, team, enterprise_id, enterprise, user }: Body): Origin {
  const text = (id: unknown): string | undefined => (typeof id === 'string' && id !== '' ? id : undefined);
  return {
    team: text(team_id ?? team?.id),
    enterprise: text(enterprise_id ?? enterprise?.id),
    userTeam: text(user?.team_id),
  };
}
