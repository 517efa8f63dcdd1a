// What senders of CDEvents send (cdevents.dev), in an envelope of CloudEvents or without. The fields of a build that
// the specification does not have are in customData, named as the generic hook names them.

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

export const cdevents: HostReader = { read };

const outcomes: Readonly<Record<string, string>> = { failure: 'failure', error: 'failure', success: 'success' };

/** Undefined for events that are no build. */
function read(_kind: string, body: unknown): HostEvent | undefined {
  const inner = dig(body, 'data', 'context') === undefined ? body : dig(body, 'data');
  const type = /^dev\.cdevents\.([a-z]+\.[a-z]+)\.\d/.exec(text(inner, 'context', 'type') ?? '')?.[1];
  const known = ['artifact.published', 'artifact.packaged', 'pipelinerun.finished'];
  if (type === undefined || !known.includes(type)) return undefined;
  const custom = dig(inner, 'customData');
  const content = dig(inner, 'subject', 'content');
  const isRun = type === 'pipelinerun.finished';
  const outcome = isRun ? text(content, 'outcome') : 'success';
  const id = text(inner, 'subject', 'id') ?? '';
  const branch = text(custom, 'branch');
  return {
    ...nothingReported,
    host: 'cdevents',
    event: type,
    document: inner,
    service: text(custom, 'service') ?? /^pkg:(?:[^/?#]+\/)+([^/@?#]+)/.exec(id)?.[1],
    repository:
      text(custom, 'repository') ??
      text(content, 'change', 'repository', 'id') ??
      pathOf(text(content, 'change', 'source')),
    workflows: [text(content, 'pipelineName')].filter((name) => name !== undefined),
    branch,
    tag: text(custom, 'tag'),
    isPullRequest: text(custom, 'pullRequest') !== undefined,
    pullRequest: text(custom, 'pullRequest'),
    isForked: dig(custom, 'forked') === true,
    conclusion: outcome,
    isFailure: outcomes[outcome ?? ''] === 'failure',
    version: text(custom, 'version') ?? (isRun ? undefined : versionOf(id)),
    run: text(custom, 'run') ?? text(inner, 'context', 'id'),
    commit: text(custom, 'commit') ?? hashOf(text(content, 'change', 'id')),
    committedAt: text(custom, 'committedAt'),
    subject: text(custom, 'subject'),
    url: text(custom, 'url') ?? text(content, 'url') ?? text(content, 'uri'),
    endedAt: text(inner, 'context', 'timestamp'),
    authors: distinct(list(custom, 'authors').map(author)),
    actors: namedActors(list(custom, 'actors')),
    artifact: (dig(custom, 'artifact') as BuildArtifact | undefined) ?? (isRun ? undefined : imageOf(id)),
  };
}

/** The specification has any id of a change there, such as `myChange123`. */
const hashOf = (id: string | undefined): string | undefined =>
  id !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(id) ? id : undefined;

/** `https://my-git.example/an-org/a-repo.git`, or the same without its scheme → `an-org/a-repo`. */
function pathOf(source: string | undefined): string | undefined {
  if (source === undefined || source.length > 500) return undefined;
  const [host = '', ...path] = source
    .replace(/^[a-z+]{1,20}:\/\//i, '')
    .split('/')
    .filter((part) => part !== '');
  const isPath = path.length >= 2 && path.every((part) => /^[\w.-]+$/.test(part));
  return host.includes('.') && !host.includes('@') && isPath ? path.join('/').replace(/\.git$/, '') : undefined;
}

/** Of a package URL: `pkg:generic/shop@v2.1?checksum=…` → `v2.1`; a digest is no version. */
function versionOf(purl: string): string | undefined {
  const version = /^pkg:[^?#]+@([^?#@]+)/.exec(purl)?.[1];
  if (version === undefined || /^sha256(:|%3a)/i.test(version))
    return new URLSearchParams(queryOf(purl)).get('tag') ?? undefined;
  return version;
}

/** `pkg:oci/shop@sha256:…?repository_url=registry.example.com/acme/shop` is an image at its digest. */
function imageOf(purl: string): BuildArtifact | undefined {
  const digest = /^pkg:oci\/[^@?#]+@(sha256(?::|%3a)[0-9a-f]{64})/i.exec(purl)?.[1]?.replace(/%3a/i, ':');
  const repository = new URLSearchParams(queryOf(purl)).get('repository_url');
  return digest === undefined || repository === null ? undefined : { image: `${repository}@${digest}` };
}

const queryOf = (purl: string): string => /\?([^#]*)/.exec(purl)?.[1] ?? '';
