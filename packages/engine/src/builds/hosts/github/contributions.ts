// Who pushed, opened or merged on GitHub, and on what sends its payloads (Gitea, Forgejo).

import { dig, text } from '../../host-event.ts';
import { actor, distinctActors } from '../../vouched.ts';
import { type Contribution, commitIds, requestNumber } from '../host.ts';

export function pushContribution(body: unknown): Contribution {
  const by = dig(body, 'pusher');
  // GitHub's has a name, which is a login; Gitea's has both.
  const pusher = { login: text(by, 'login') ?? text(by, 'name'), email: text(by, 'email') };
  return {
    actors: distinctActors([...actor('pushed', pusher), ...actor('pushed', dig(body, 'sender'))]),
    request: undefined,
    commits: commitIds(text(body, 'after')),
  };
}

/** Others, such as a label or a review, change nothing of what is built. `synchronized` is Gitea's word. */
const requestDeeds = {
  opened: 'opened',
  reopened: 'opened',
  ready_for_review: 'opened',
  synchronize: 'pushed',
  synchronized: 'pushed',
  auto_merge_enabled: 'merged',
  enqueued: 'merged',
  closed: 'merged',
} as const;

export function pullRequestContribution(body: unknown): Contribution | undefined {
  const request = dig(body, 'pull_request');
  const action = text(body, 'action') ?? '';
  const isMerged = dig(request, 'merged') === true;
  if (!isDeed(action) || (action === 'closed' && !isMerged)) return undefined;
  // Before that it is a commit that GitHub made to try the merge.
  const merged = isMerged ? text(request, 'merge_commit_sha') : undefined;
  return {
    actors: distinctActors([
      ...actor('opened', dig(request, 'user')),
      ...actor(requestDeeds[action], dig(body, 'sender')),
      ...actor('merged', dig(request, 'auto_merge', 'enabled_by')),
      ...(isMerged ? actor('merged', dig(request, 'merged_by')) : []),
    ]),
    request: requestNumber(text(request, 'number') ?? text(body, 'number')),
    commits: commitIds(text(request, 'head', 'sha'), merged),
  };
}

const isDeed = (action: string): action is keyof typeof requestDeeds => Object.hasOwn(requestDeeds, action);
