// What GitLab sends. It does not sign the header that names the event, so the body names it.

import { entryOf } from '../../../lib/dispatch.ts';
import { type HostEvent, nothingReported, text } from '../../host-event.ts';
import type { Facts, HostReader } from '../host.ts';
import { mergeRequestContribution, tagPushContribution } from './contributions.ts';
import { mergeRequest, pipeline, release, tagPush } from './read.ts';

const readers: Readonly<Record<string, (body: unknown) => Facts>> = {
  pipeline,
  release,
  tag_push: tagPush,
  merge_request: mergeRequest,
};

export const gitlab: HostReader = {
  read,
  contributions: { tag_push: tagPushContribution, merge_request: mergeRequestContribution },
};

function read(_kind: string, body: unknown): HostEvent | undefined {
  const event = text(body, 'object_kind');
  const reader = entryOf(readers, event);
  if (event === undefined || !reader) return undefined;
  return {
    ...nothingReported,
    host: 'gitlab',
    event,
    document: body,
    repository: text(body, 'project', 'path_with_namespace'),
    defaultBranch: text(body, 'project', 'default_branch'),
    ...reader(body),
  };
}
