// A commit status and a push of Bitbucket Cloud, in the shape that all hosts share.

import { authorsOf, type BuildAuthor, dig, distinct, type HostEvent, list, text } from '../../host-event.ts';
import { distinctActors } from '../../vouched.ts';
import { type Facts, joined } from '../host.ts';
import { accountOf, actorOf } from './accounts.ts';

const unfinishedStates = ['INPROGRESS', 'STOPPED'];

/** A build server, or Bitbucket Pipelines, reports of a commit. `created` and `updated` look alike. */
export function commitStatus(body: unknown): Facts {
  const status = dig(body, 'commit_status');
  const state = text(status, 'state');
  const isEnded = state !== undefined && !unfinishedStates.includes(state);
  const ref = text(status, 'refname');
  const commit = text(status, 'commit', 'hash') ?? lastPart(text(status, 'links', 'commit', 'href'));
  const endedAt = isEnded ? text(status, 'updated_on') : undefined;
  const url = text(status, 'url');
  return {
    unfinished: isEnded ? undefined : (state ?? 'without a state'),
    workflows: [text(status, 'name'), text(status, 'key')].filter((name) => name !== undefined),
    // Bitbucket does not say whether it is a branch or a tag.
    branch: ref,
    tag: ref,
    conclusion: state?.toLowerCase(),
    isFailure: state === 'FAILED',
    runNumber: runNumberIn(url),
    // A status keeps its key when the build runs again: it ends once more.
    run: joined('status', text(status, 'key'), commit, endedAt),
    endedAt,
    url,
    ...commitFacts(dig(status, 'commit')),
    commit,
    actors: actorOf('triggered', dig(body, 'actor')),
  };
}

/** `…/pipelines/results/117`, `…/addon/pipelines/home#!/results/117`. */
function runNumberIn(url: string | undefined): string | undefined {
  return /\/results\/(\d{1,9})(?:[/?#]|$)/.exec(url ?? '')?.[1];
}

const lastPart = (address: string | undefined): string | undefined => address?.split('/').at(-1);

/** One push may change several branches and tags: of several none is guessed, and a tag counts before a branch. */
export function push(body: unknown): Facts {
  const changes = list(body, 'push', 'changes');
  const made = changes.filter((change) => text(change, 'new', 'name') !== undefined);
  const tags = made.filter((change) => text(change, 'new', 'type') === 'tag');
  const [change, ...others] = tags.length > 0 ? tags : made;
  if (change === undefined || others.length > 0) return { unfinished: others.length > 0 ? 'several' : 'deleted' };
  const name = text(change, 'new', 'name');
  const isTag = tags.length > 0;
  const target = dig(change, 'new', 'target');
  const commit = text(target, 'hash');
  const authors = [target, ...list(change, 'commits')].flatMap((each) => commitFacts(each).authors);
  return {
    branch: isTag ? undefined : name,
    tag: isTag ? name : undefined,
    conclusion: 'successful',
    run: joined('push', isTag ? 'tag' : 'branch', name, commit),
    url: text(change, 'new', 'links', 'html', 'href'),
    ...commitFacts(target),
    authors: distinct(authors),
    commit,
    actors: distinctActors(actorOf('pushed', dig(body, 'actor'))),
  };
}

function commitFacts(commit: unknown): Pick<HostEvent, 'committedAt' | 'subject' | 'authors'> {
  return {
    committedAt: text(commit, 'date'),
    subject: text(commit, 'message'),
    authors: distinct([authorOf(dig(commit, 'author')), ...authorsOf({ message: text(commit, 'message') })]),
  };
}

/** `raw` is what git has: `Alice Adams <alice@example.com>`. */
function authorOf(author: unknown): BuildAuthor {
  const raw = (text(author, 'raw') ?? '').slice(0, 500);
  const from = raw.lastIndexOf('<');
  const email = from >= 0 && raw.endsWith('>') ? raw.slice(from + 1, -1).trim() : undefined;
  const name = (from >= 0 ? raw.slice(0, from) : raw).trim();
  return {
    name: name === '' ? undefined : name,
    email: email === '' ? undefined : email,
    login: accountOf(dig(author, 'user')),
  };
}
