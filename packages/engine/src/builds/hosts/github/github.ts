// What GitHub sends. A header names the event and is not signed, so the body must have the shape of that event: without
// this, a copied delivery could be read as another event.

import { entryOf } from '../../../lib/dispatch.ts';
import { dig, type HostEvent, nothingReported, text } from '../../host-event.ts';
import type { HostReader } from '../host.ts';
import { pullRequestContribution, pushContribution } from './contributions.ts';
import { type EventReader, pullRequest, push, release, workflowRun } from './read.ts';

interface Shape {
  readonly has: readonly string[];
  readonly lacks?: readonly string[];
  /** Also needed to recognise the event where no header names it: other events hold a commit or a request too. */
  readonly unnamed?: { readonly has?: readonly string[]; readonly lacks?: readonly string[] };
  /** Set for what a rule can read. */
  readonly reader?: EventReader;
}

/** Of other events only the name is known. */
const events: Readonly<Record<string, Shape>> = {
  ping: { has: ['zen', 'hook_id'] },
  push: {
    has: ['ref', 'before', 'after', 'commits'],
    unnamed: { has: ['pusher'], lacks: ['object_kind'] },
    reader: push,
  },
  workflow_run: { has: ['action', 'workflow_run', 'workflow'], lacks: ['deployment'], reader: workflowRun },
  workflow_job: { has: ['action', 'workflow_job'], lacks: ['workflow_run'] },
  check_run: { has: ['action', 'check_run'] },
  check_suite: { has: ['action', 'check_suite'] },
  release: { has: ['action', 'release'], unnamed: { lacks: ['object_kind'] }, reader: release },
  registry_package: { has: ['action', 'registry_package'] },
  package: { has: ['action', 'package'] },
  create: { has: ['ref', 'ref_type', 'master_branch'] },
  status: { has: ['sha', 'state', 'commit', 'context'] },
  deployment: { has: ['deployment'], lacks: ['deployment_status'] },
  deployment_status: { has: ['deployment', 'deployment_status'] },
  pull_request: {
    has: ['action', 'number', 'pull_request'],
    unnamed: { lacks: ['review', 'comment', 'thread'] },
    reader: pullRequest,
  },
};

export const github: HostReader = {
  fits: (kind, body) => {
    const shape = shapeOf(kind);
    return !shape || hasKeys(body, shape);
  },
  read,
  contributions: { push: pushContribution, pull_request: pullRequestContribution },
};

function read(kind: string, body: unknown): HostEvent | undefined {
  const event = kind === '' ? recognised(body) : kind;
  const reader = shapeOf(event)?.reader;
  if (!reader?.isComplete(body)) return undefined;
  return {
    ...nothingReported,
    host: 'github',
    event,
    document: body,
    repository: text(body, 'repository', 'full_name'),
    defaultBranch: text(body, 'repository', 'default_branch'),
    ...reader.read(body),
  };
}

const shapeOf = (event: string): Shape | undefined => entryOf(events, event);

/** The event of a body whose header is not at hand; '' for none that a rule can read. */
function recognised(body: unknown): string {
  const found = Object.entries(events).find(
    ([, shape]) => shape.reader?.isComplete(body) && hasKeys(body, shape) && hasKeys(body, shape.unnamed ?? {}),
  );
  return found?.[0] ?? '';
}

function hasKeys(body: unknown, { has = [], lacks = [] }: Partial<Pick<Shape, 'has' | 'lacks'>>): boolean {
  const isThere = (key: string): boolean => dig(body, key) !== undefined;
  return has.every(isThere) && !lacks.some(isThere);
}
