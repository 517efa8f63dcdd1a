// What Bitbucket Cloud sends. It does not sign the header that names the event, so the body must have the shape of that
// event. A build is a commit status; Bitbucket does not say which branch is the default one, so a rule names its branch.

import { dig, type HostEvent, nothingReported, text } from '../../host-event.ts';
import type { Facts, HostReader } from '../host.ts';
import { pullRequestContribution, pushContribution } from './contributions.ts';
import { commitStatus, push } from './read.ts';

interface EventShape {
  /** Names of the header. */
  readonly header: RegExp;
  readonly holds: (body: unknown) => boolean;
}

const shapes: Readonly<Record<string, EventShape>> = {
  push: { header: /^repo:push$/, holds: (body) => Array.isArray(dig(body, 'push', 'changes')) },
  commit_status: {
    header: /^repo:commit_status_/,
    holds: (body) => text(body, 'commit_status', 'state') !== undefined,
  },
  pullrequest: { header: /^pullrequest:/, holds: (body) => text(body, 'pullrequest', 'id') !== undefined },
};

const readers: Readonly<Record<string, (body: unknown) => Facts>> = {
  commit_status: commitStatus,
  push,
  // No build; read for what it says of contributors.
  pullrequest: () => ({ unfinished: 'a pull request' }),
};

export const bitbucket: HostReader = {
  fits: (kind, body) => Object.values(shapes).every(({ header, holds }) => !header.test(kind) || holds(body)),
  read,
  contributions: { push: pushContribution, pullrequest: pullRequestContribution },
};

function read(_kind: string, body: unknown): HostEvent | undefined {
  const event = Object.keys(shapes).find((name) => shapes[name]?.holds(body));
  if (event === undefined) return undefined;
  return {
    ...nothingReported,
    host: 'bitbucket',
    event,
    document: body,
    repository: text(body, 'repository', 'full_name'),
    ...readers[event]?.(body),
  };
}
