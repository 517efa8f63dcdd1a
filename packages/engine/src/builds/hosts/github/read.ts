// A run, a release, a push and a pull request of GitHub, in the shape that all hosts share.

import {
  author,
  authorsOf,
  type BuildArtifact,
  dig,
  distinct,
  type HostEvent,
  list,
  refName,
  text,
} from '../../host-event.ts';
import { actor, distinctActors } from '../../vouched.ts';
import { type Facts, joined } from '../host.ts';

export interface EventReader {
  /** Whether the body holds what the event is about. */
  readonly isComplete: (body: unknown) => boolean;
  readonly read: (body: unknown) => Facts;
}

export const workflowRun: EventReader = {
  isComplete: (body) => dig(body, 'workflow_run', 'head_sha') !== undefined,
  read: readWorkflowRun,
};

export const release: EventReader = {
  isComplete: (body) => dig(body, 'release', 'tag_name') !== undefined,
  read: readRelease,
};

export const push: EventReader = {
  isComplete: (body) => dig(body, 'after') !== undefined && text(body, 'ref') !== undefined,
  read: readPush,
};

export const pullRequest: EventReader = {
  isComplete: (body) => dig(body, 'pull_request', 'head', 'sha') !== undefined,
  read: readPullRequest,
};

const failures = ['failure', 'timed_out', 'startup_failure'];

function readWorkflowRun(body: unknown): Facts {
  const run = dig(body, 'workflow_run');
  const action = text(body, 'action');
  const conclusion = text(run, 'conclusion');
  const head = text(run, 'head_repository', 'full_name');
  const isForked = head !== text(body, 'repository', 'full_name');
  const branch = text(run, 'head_branch');
  const trigger = text(run, 'event');
  const isPullRequest = isForked || (trigger ?? '').startsWith('pull_request');
  return {
    unfinished: action === 'completed' ? undefined : (action ?? 'without an action'),
    workflows: workflowsOf(body, run),
    // For a push of a tag GitHub has its name in head_branch, and does not say that it is one.
    branch,
    tag: trigger === 'push' || trigger === 'release' ? branch : undefined,
    trigger,
    isPullRequest,
    pullRequest: isPullRequest ? onlyRequest(run) : undefined,
    isForked,
    conclusion,
    isFailure: failures.includes(conclusion ?? ''),
    runNumber: text(run, 'run_number'),
    run: joined(text(run, 'id'), text(run, 'run_attempt') ?? '1'),
    commit: text(run, 'head_sha'),
    committedAt: text(run, 'head_commit', 'timestamp'),
    subject: text(run, 'head_commit', 'message') ?? text(run, 'display_title'),
    url: text(run, 'html_url'),
    endedAt: text(run, 'updated_at'),
    authors: authorsOf(dig(run, 'head_commit')),
    actors: actorsOfRun(body, run),
  };
}

/**
 * GitHub lists requests whose branch has this commit, which may be open and not what made it run: of several none is
 * guessed.
 */
function onlyRequest(run: unknown): string | undefined {
  const requests = list(run, 'pull_requests');
  return requests.length === 1 ? text(requests[0], 'number') : undefined;
}

/** A reusable one has `@` and a ref behind its path. */
function workflowsOf(body: unknown, run: unknown): readonly string[] {
  const paths = [text(run, 'path'), text(body, 'workflow', 'path')].filter(isPresent);
  const plain = paths.map((path) => path.replace(/@[^@]*$/, ''));
  const names = [text(run, 'name'), text(body, 'workflow', 'name'), ...paths, ...plain].filter(isPresent);
  return [...new Set([...names, ...plain.map((path) => path.split('/').at(-1)).filter(isPresent)])];
}

/** A second attempt is started by people who only click a button: it names the first one's actor nevertheless. */
function actorsOfRun(body: unknown, run: unknown): HostEvent['actors'] {
  const event = text(run, 'event');
  // GitHub names who last changed the timetable, who does nothing at the scheduled time.
  if (event === 'schedule') return [];
  const first = actor(event === 'push' ? 'pushed' : 'triggered', dig(run, 'actor'));
  if ((text(run, 'run_attempt') ?? '1') !== '1') return distinctActors(first);
  const others = [dig(run, 'triggering_actor'), dig(body, 'sender')].flatMap((each) => actor('triggered', each));
  return distinctActors([...first, ...others]);
}

function readRelease(body: unknown): Facts {
  const reported = dig(body, 'release');
  const action = text(body, 'action');
  const isPublished = action === 'published' && dig(reported, 'draft') !== true;
  const by = dig(reported, 'author');
  return {
    unfinished: isPublished ? undefined : (action ?? 'without an action'),
    tag: text(reported, 'tag_name'),
    run: joined('release', text(reported, 'id')),
    subject: text(reported, 'name') ?? text(reported, 'tag_name'),
    url: text(reported, 'html_url'),
    // GitHub gives the time of the commit here; that of the release is published_at.
    committedAt: text(reported, 'created_at'),
    endedAt: text(reported, 'published_at'),
    authors: text(by, 'type') === 'Bot' ? [] : distinct([author(by)]),
    actors: distinctActors([...actor('published', by), ...actor('published', dig(body, 'sender'))]),
    artifact: releaseAsset(reported),
  };
}

/** The one archive among the assets; of several none is guessed. */
function releaseAsset(reported: unknown): BuildArtifact | undefined {
  const archives = list(reported, 'assets').filter((asset) => /\.tar\.(gz|zst)$/.test(text(asset, 'name') ?? ''));
  const url = archives.length === 1 ? text(archives[0], 'browser_download_url') : undefined;
  return url === undefined ? undefined : { url, sha256: text(archives[0], 'digest') };
}

function readPush(body: unknown): Facts {
  const ref = text(body, 'ref');
  const head = dig(body, 'head_commit');
  const commits = list(body, 'commits');
  return {
    unfinished: dig(body, 'deleted') === true ? 'deleted' : undefined,
    branch: refName(ref, 'heads'),
    tag: refName(ref, 'tags'),
    run: joined('push', ref, text(body, 'after')),
    commit: text(head, 'id') ?? text(body, 'after'),
    committedAt: text(head, 'timestamp'),
    subject: text(head, 'message'),
    url: text(head, 'url') ?? text(body, 'compare'),
    sentAt: text(body, 'repository', 'pushed_at'),
    authors: distinct([...authorsOf(head), ...commits.flatMap(authorsOf)]),
    actors: distinctActors([...actor('pushed', pusher(body)), ...actor('pushed', dig(body, 'sender'))]),
  };
}

/** Its name is a login. */
function pusher(body: unknown): unknown {
  return { login: text(body, 'pusher', 'name'), email: text(body, 'pusher', 'email') };
}

const newCommits = ['opened', 'reopened', 'synchronize', 'ready_for_review'];

function readPullRequest(body: unknown): Facts {
  const request = dig(body, 'pull_request');
  const action = text(body, 'action');
  const number = text(request, 'number');
  const commit = text(request, 'head', 'sha');
  return {
    unfinished: newCommits.includes(action ?? '') ? undefined : (action ?? 'without an action'),
    branch: text(request, 'head', 'ref'),
    isPullRequest: true,
    pullRequest: number,
    isForked: text(request, 'head', 'repo', 'full_name') !== text(request, 'base', 'repo', 'full_name'),
    run: joined('pull_request', number, commit),
    commit,
    subject: text(request, 'title'),
    url: text(request, 'html_url'),
    sentAt: text(request, 'updated_at'),
    authors: distinct([author(dig(request, 'user'))]),
    actors: distinctActors([
      ...actor('opened', dig(request, 'user')),
      ...actor('merged', dig(request, 'merged_by')),
      ...actor(action === 'synchronize' ? 'pushed' : 'triggered', dig(body, 'sender')),
    ]),
  };
}

const isPresent = (value: string | undefined): value is string => value !== undefined;
