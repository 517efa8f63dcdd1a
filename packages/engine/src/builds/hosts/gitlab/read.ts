// A pipeline, a release, a pushed tag and a merge request of GitLab, in the shape that all hosts share.

import { author, authorsOf, dig, distinct, type HostEvent, list, refName, text } from '../../host-event.ts';
import { actor, distinctActors } from '../../vouched.ts';
import type { Facts } from '../host.ts';

export function pipeline(body: unknown): Facts {
  const reported = dig(body, 'object_attributes');
  const request = dig(body, 'merge_request');
  const status = text(reported, 'status');
  const isTag = dig(reported, 'tag') === true;
  const source = text(reported, 'source');
  const isPullRequest =
    source?.endsWith('_request_event') || (!makesNoRequest(source) && text(request, 'iid') !== undefined);
  const endedAt = text(reported, 'finished_at');
  return {
    unfinished: endedAt === undefined ? (status ?? 'without a status') : undefined,
    workflows: [text(reported, 'name')].filter((name) => name !== undefined),
    branch: isTag ? undefined : text(reported, 'ref'),
    tag: isTag ? text(reported, 'ref') : undefined,
    trigger: source,
    isPullRequest,
    pullRequest: isPullRequest ? text(request, 'iid') : undefined,
    isForked: isPullRequest && isFromFork(request),
    conclusion: status,
    isFailure: status === 'failed',
    runNumber: text(reported, 'iid'),
    // A pipeline keeps its id when failed jobs are run again: it ends once more.
    run: endedAt === undefined ? undefined : `pipeline/${text(reported, 'id') ?? ''}/${endedAt}`,
    endedAt,
    url: text(reported, 'url'),
    ...commitOf(dig(body, 'commit')),
    commit: text(reported, 'sha'),
    // A pipeline keeps the user who made it when another one runs its jobs again.
    actors: source === 'schedule' ? [] : actor(triggers(source), dig(body, 'user')),
  };
}

/** GitLab makes these for a branch or a tag, whichever request is open for it. */
const makesNoRequest = (source: string | undefined): boolean =>
  ['push', 'web', 'schedule', 'api', 'trigger', 'pipeline', 'chat'].includes(source ?? '');

/** What made a pipeline: a push, or a person by hand, by a token, by a request. */
const triggers = (source: string | undefined): 'pushed' | 'triggered' => (source === 'push' ? 'pushed' : 'triggered');

export function release(body: unknown): Facts {
  const packages = list(body, 'assets', 'links').filter((link) =>
    /\.tar\.(gz|zst)$/.test(text(link, 'name') ?? text(link, 'url') ?? ''),
  );
  const url = packages.length === 1 ? text(packages[0], 'url') : undefined;
  const action = text(body, 'action');
  return {
    unfinished: action === 'create' ? undefined : (action ?? 'without an action'),
    tag: text(body, 'tag'),
    run: `release/${text(body, 'id') ?? ''}`,
    url: text(body, 'url'),
    endedAt: text(body, 'released_at'),
    ...commitOf(dig(body, 'commit')),
    artifact: url === undefined ? undefined : { url },
  };
}

export function tagPush(body: unknown): Facts {
  const commit = text(body, 'checkout_sha');
  const head = list(body, 'commits').find((each) => text(each, 'id') === commit);
  const ref = text(body, 'ref');
  return {
    unfinished: commit === undefined ? 'deleted' : undefined,
    tag: refName(ref, 'tags'),
    run: `tag_push/${ref ?? ''}/${commit ?? ''}`,
    ...commitOf(head),
    commit,
    actors: actor('pushed', {
      username: text(body, 'user_username'),
      name: text(body, 'user_name'),
      email: text(body, 'user_email'),
    }),
  };
}

const newCommits = ['open', 'reopen', 'update'];

export function mergeRequest(body: unknown): Facts {
  const reported = dig(body, 'object_attributes');
  const action = text(reported, 'action');
  const number = text(reported, 'iid');
  // An update without an old commit changed words, not code.
  const isCode = newCommits.includes(action ?? '') && (action !== 'update' || text(reported, 'oldrev') !== undefined);
  const commit = commitOf(dig(reported, 'last_commit'));
  return {
    unfinished: isCode ? undefined : (action ?? 'without an action'),
    branch: text(reported, 'source_branch'),
    isPullRequest: true,
    pullRequest: number,
    isForked: isFromFork(reported),
    run: `merge_request/${number ?? ''}/${commit.commit ?? ''}`,
    url: text(reported, 'url'),
    sentAt: text(reported, 'updated_at'),
    ...commit,
    subject: text(reported, 'title'),
    actors: distinctActors(actor(requestDeeds[action ?? ''] ?? 'triggered', dig(body, 'user'))),
  };
}

const requestDeeds: Readonly<Record<string, 'opened' | 'pushed' | 'merged'>> = {
  open: 'opened',
  reopen: 'opened',
  update: 'pushed',
  merge: 'merged',
};

/** An event that does not say where it comes from is treated as foreign. */
function isFromFork(request: unknown): boolean {
  const source = text(request, 'source_project_id');
  return source === undefined || source !== text(request, 'target_project_id');
}

function commitOf(commit: unknown): Pick<HostEvent, 'commit' | 'committedAt' | 'subject' | 'authors'> {
  return {
    commit: text(commit, 'id'),
    committedAt: text(commit, 'timestamp'),
    subject: text(commit, 'title') ?? text(commit, 'message'),
    authors: commit === undefined ? [] : distinct([...authorsOf(commit), author(dig(commit, 'author'))]),
  };
}
