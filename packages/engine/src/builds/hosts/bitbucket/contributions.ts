// Who pushed, opened or merged on Bitbucket Cloud. It names the commits of a pull request by their first twelve digits.

import { shortCommitLength } from '../../../domain/code-hosts.ts';
import { dig, list, text } from '../../host-event.ts';
import { distinctActors } from '../../vouched.ts';
import { type Contribution, commitIds, requestNumber } from '../host.ts';
import { actorOf } from './accounts.ts';

export function pushContribution(body: unknown): Contribution {
  const heads = list(body, 'push', 'changes').map((change) => text(change, 'new', 'target', 'hash'));
  return {
    actors: actorOf('pushed', dig(body, 'actor')),
    request: undefined,
    // Under its short form too: a pull request that adds the commit has no other.
    commits: commitIds(...heads, ...heads.map((head) => head?.slice(0, shortCommitLength))),
  };
}

/** An open one says who opened it; its later events may be a change of words. Who pushed to it comes with the push. */
export function pullRequestContribution(body: unknown): Contribution | undefined {
  const request = dig(body, 'pullrequest');
  const state = text(request, 'state');
  const isMerged = state === 'MERGED';
  const isTalk = ['comment', 'approval', 'changes_request'].some((key) => dig(body, key) !== undefined);
  if (isTalk || (!isMerged && state !== 'OPEN')) return undefined;
  return {
    actors: distinctActors([
      ...actorOf('opened', dig(request, 'author')),
      ...(isMerged ? [dig(request, 'closed_by'), dig(body, 'actor')].flatMap((user) => actorOf('merged', user)) : []),
    ]),
    request: requestNumber(text(request, 'id')),
    commits: commitIds(
      text(request, 'source', 'commit', 'hash'),
      isMerged ? text(request, 'merge_commit', 'hash') : undefined,
    ),
    inheritsFromCommits: true,
  };
}
