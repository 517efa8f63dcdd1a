// A build as any sender may send it: {"event": "build", "service": …, "version": …}. An unknown key is an error,
// since a misspelled key would otherwise be ignored silently.

import {
  author,
  type BuildArtifact,
  dig,
  distinct,
  type HostEvent,
  list,
  nothingReported,
  text,
} from '../host-event.ts';
import { namedActors } from '../vouched.ts';
import type { HostReader } from './host.ts';

export const generic: HostReader = { read };

const known = [
  'event',
  'service',
  'version',
  'conclusion',
  'repository',
  'workflow',
  'branch',
  'tag',
  'commit',
  'committedAt',
  'subject',
  'url',
  'authors',
  'actors',
  'artifact',
  'run',
  'runNumber',
  'pullRequest',
  'forked',
  'endedAt',
];

const failures = ['failed', 'failure', 'error'];

/** @returns a sentence where it is a build that cannot be read */
function read(_kind: string, body: unknown): HostEvent | string | undefined {
  const event = dig(body, 'event');
  if (event === undefined) return undefined;
  if (event !== 'build') return '"event" does not fit: expected "build"';
  const unknown = Object.keys(body as object).find((key) => !known.includes(key));
  if (unknown !== undefined) return `"${unknown.slice(0, 40)}" is not known here (known: ${known.join(', ')})`;
  if (text(body, 'service') === undefined) return '"service" is missing: expected the name of a service';
  const conclusion = text(body, 'conclusion')?.toLowerCase() ?? 'succeeded';
  return {
    ...nothingReported,
    host: 'generic',
    event: 'build',
    document: body,
    service: text(body, 'service'),
    repository: text(body, 'repository'),
    workflows: [text(body, 'workflow')].filter((name) => name !== undefined),
    branch: text(body, 'branch'),
    tag: text(body, 'tag'),
    isPullRequest: text(body, 'pullRequest') !== undefined,
    pullRequest: text(body, 'pullRequest'),
    isForked: dig(body, 'forked') === true,
    conclusion,
    isFailure: failures.includes(conclusion),
    version: text(body, 'version'),
    runNumber: text(body, 'runNumber'),
    run: text(body, 'run'),
    commit: text(body, 'commit'),
    committedAt: text(body, 'committedAt'),
    subject: text(body, 'subject'),
    url: text(body, 'url'),
    endedAt: text(body, 'endedAt'),
    authors: distinct(list(body, 'authors').map(author)),
    actors: namedActors(list(body, 'actors')),
    artifact: dig(body, 'artifact') as BuildArtifact | undefined,
  };
}
