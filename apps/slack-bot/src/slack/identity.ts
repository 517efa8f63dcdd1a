// Is the token good, and whose workspace is it? A bad token and an unreachable Slack are two answers.

import { backoffMs, type Clock, type Log, type Settings } from '@bg/engine';
import type { Identity, Slack } from './api.ts';
import { problemSentence } from './problems.ts';

export interface KnownIdentity {
  /** Undefined as long as Slack could not be asked. */
  readonly get: () => Identity | undefined;
}

export type TokenCheck =
  | { readonly kind: 'good'; readonly identity: Identity }
  | { readonly kind: 'bad'; readonly sentence: string }
  | { readonly kind: 'unreachable'; readonly sentence: string };

export async function checkToken(slack: Slack): Promise<TokenCheck> {
  const answer = await slack.identify();
  if (answer.ok) return { kind: 'good', identity: answer.value };
  if (answer.problem.kind !== 'refused') return { kind: 'unreachable', sentence: problemSentence(answer.problem) };
  return {
    kind: 'bad',
    sentence: `Slack refuses SLACK_BOT_TOKEN (${answer.problem.error}): install the app again and take the bot token of this workspace.`,
  };
}

const retry = { firstMs: 1_000, maxMs: 60_000 };

export interface IdentityOptions {
  readonly slack: Slack;
  readonly first: Identity | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly settings: Pick<Settings, 'targets'>;
}

/** Goes on asking, ever slower, until Slack answered once. */
export function keepIdentity(options: IdentityOptions): KnownIdentity {
  const { slack, first, clock, log, signal } = options;
  let identity = first;
  warnOfScopes(first, options);

  async function ask(): Promise<void> {
    for (let tried = 0; identity === undefined && !signal.aborted; tried += 1) {
      await clock.sleep(backoffMs(retry, tried), signal);
      const checked = await checkToken(slack);
      if (checked.kind === 'good') {
        identity = checked.identity;
        warnOfScopes(identity, options);
        log.info({ team: identity.teamId }, 'Slack answers now');
      } else log.warn({ problem: checked.sentence }, 'Slack does not know us yet; deployments go on without it');
    }
  }

  ask().catch((thrown: unknown) => {
    if (!signal.aborted) log.error({ problem: String(thrown) }, 'gave up asking Slack who we are');
  });
  return { get: () => identity };
}

/** Found out at the start, and not by the first approver at night. */
function warnOfScopes(identity: Identity | undefined, { settings, log }: IdentityOptions): void {
  const groups = settings.targets.flatMap(({ approval }) => approval.approvers).filter((id) => id.startsWith('group:'));
  if (groups.length === 0 || identity?.scopes === undefined || identity.scopes.includes('usergroups:read')) return;
  log.error(
    { groups: [...new Set(groups)] },
    'the app lacks the scope usergroups:read, so no member of these groups can approve: add it and install the app again',
  );
}
