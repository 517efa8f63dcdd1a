// Who tagged, opened, pushed to or merged on GitLab.

import { dig, list, text } from '../../host-event.ts';
import { actor, distinctActors } from '../../vouched.ts';
import { type Contribution, commitIds, requestNumber } from '../host.ts';

export function tagPushContribution(body: unknown): Contribution {
  const user = {
    username: text(body, 'user_username'),
    name: text(body, 'user_name'),
    email: text(body, 'user_email'),
  };
  return { actors: actor('pushed', user), request: undefined, commits: commitIds(text(body, 'checkout_sha')) };
}

export function mergeRequestContribution(body: unknown): Contribution | undefined {
  const reported = dig(body, 'object_attributes');
  const action = text(reported, 'action');
  const isMerge = action === 'merge';
  const did = isMerge ? 'merged' : action === 'update' ? 'pushed' : 'opened';
  if (!isMerge && action !== 'open' && action !== 'reopen' && (action !== 'update' || !dig(reported, 'oldrev')))
    return undefined;
  const merged = isMerge ? [text(reported, 'merge_commit_sha'), text(reported, 'squash_commit_sha')] : [];
  return {
    actors: distinctActors([...actor('opened', authorOf(body)), ...actor(did, dig(body, 'user'))]),
    request: requestNumber(text(reported, 'iid')),
    commits: commitIds(text(reported, 'last_commit', 'id'), ...merged),
  };
}

/** GitLab gives only a number for it; the person is known only if the delivery names that account elsewhere. */
function authorOf(body: unknown): unknown {
  const id = text(body, 'object_attributes', 'author_id');
  const people = [dig(body, 'user'), ...list(body, 'assignees'), ...list(body, 'reviewers')];
  return id === undefined ? undefined : people.find((each) => text(each, 'id') === id);
}
