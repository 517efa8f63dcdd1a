// What a host tells of a commit in deliveries that are no builds of it: who opened, pushed to and merged the request that
// brought it. A build of that commit names only who set it off, so these are remembered, and four eyes count them.

import type { BuildRule } from '../config/builds/settings.ts';
import type { BuildActor } from '../domain/build.ts';
import { forgetHands, readHands, type Writing, writeHands } from '../state/hands.ts';
import { dig, type HostEvent, list, text } from './host-event.ts';
import { sameRepository } from './match.ts';
import { actor, distinctActors } from './vouched.ts';

export interface Remembered {
  readonly host: string;
  readonly repository: string;
  readonly actors: readonly BuildActor[];
  /** What is known of it counts for the commits as well. */
  readonly request: string | undefined;
  readonly commits: readonly string[];
}

type Told = Pick<Remembered, 'actors' | 'request' | 'commits'>;

const readers: Readonly<Record<string, (body: unknown) => Told | undefined>> = {
  'github push': pushed,
  'github pull_request': pullRequest,
  'gitlab tag_push': tagPushed,
  'gitlab merge_request': mergeRequest,
};

/** Only of a repository that a rule builds. Undefined where it tells of nobody. */
export function handsIn(rules: readonly BuildRule[], event: HostEvent): Remembered | undefined {
  const { host, repository, document } = event;
  const key = `${host} ${event.event}`;
  const isBuilt = rules.some((rule) => rule.host === host && sameRepository(rule.repository ?? '', repository));
  if (repository === undefined || !isBuilt || !Object.hasOwn(readers, key)) return undefined;
  const told = readers[key]?.(document);
  const commits = [...new Set(told?.commits.filter((commit) => /^[0-9a-f]{40,64}$/.test(commit)))];
  return told && told.actors.length > 0 ? { host, repository, ...told, commits } : undefined;
}

export function remember(tx: Writing, { actors, request, commits, ...place }: Remembered): void {
  const before = request === undefined ? [] : readHands(tx.db, place, request);
  const all = [...before, ...actors];
  if (request !== undefined) writeHands(tx, place, { subject: request, actors: distinctActors(all) });
  for (const subject of commits) {
    const known = readHands(tx.db, place, subject);
    writeHands(tx, place, { subject, actors: distinctActors([...known, ...all]) });
  }
  forgetHands(tx);
}

function pushed(body: unknown): Told {
  const by = dig(body, 'pusher');
  // GitHub's has a name, which is a login; Gitea's has both.
  const pusher = { login: text(by, 'login') ?? text(by, 'name'), email: text(by, 'email') };
  return {
    actors: distinctActors([...actor('pushed', pusher), ...actor('pushed', dig(body, 'sender'))]),
    request: undefined,
    commits: commitsOf(text(body, 'after')),
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

function pullRequest(body: unknown): Told | undefined {
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
    request: numbered(text(request, 'number') ?? text(body, 'number')),
    commits: commitsOf(text(request, 'head', 'sha'), merged),
  };
}

const isDeed = (action: string): action is keyof typeof requestDeeds => Object.hasOwn(requestDeeds, action);

function tagPushed(body: unknown): Told {
  const user = {
    username: text(body, 'user_username'),
    name: text(body, 'user_name'),
    email: text(body, 'user_email'),
  };
  return { actors: actor('pushed', user), request: undefined, commits: commitsOf(text(body, 'checkout_sha')) };
}

function mergeRequest(body: unknown): Told | undefined {
  const told = dig(body, 'object_attributes');
  const action = text(told, 'action');
  const isMerge = action === 'merge';
  const did = isMerge ? 'merged' : action === 'update' ? 'pushed' : 'opened';
  if (!isMerge && action !== 'open' && action !== 'reopen' && (action !== 'update' || !dig(told, 'oldrev')))
    return undefined;
  const merged = isMerge ? [text(told, 'merge_commit_sha'), text(told, 'squash_commit_sha')] : [];
  return {
    actors: distinctActors([...actor('opened', authorOf(body)), ...actor(did, dig(body, 'user'))]),
    request: numbered(text(told, 'iid')),
    commits: commitsOf(text(told, 'last_commit', 'id'), ...merged),
  };
}

/** GitLab gives a number for it; who that is can be said only of those whom the delivery names elsewhere. */
function authorOf(body: unknown): unknown {
  const id = text(body, 'object_attributes', 'author_id');
  const people = [dig(body, 'user'), ...list(body, 'assignees'), ...list(body, 'reviewers')];
  return id === undefined ? undefined : people.find((each) => text(each, 'id') === id);
}

const numbered = (number: string | undefined): string | undefined =>
  number !== undefined && /^\d{1,9}$/.test(number) ? `#${number}` : undefined;

const commitsOf = (...found: readonly (string | undefined)[]): readonly string[] =>
  found.flatMap((commit) => commit?.toLowerCase() ?? []);
