// The artifact that a rule or a host names, checked: a program may fetch whatever results, without further doubt.

import type { ArtifactRule } from '../config/builds/settings.ts';
import type { ArtifactSource } from '../domain/artifact.ts';
import { evaluate, type Known } from '../lib/expression.ts';
import { dig, type HostEvent, text } from './host-event.ts';

export type Made<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

const made = <T>(value: T): Made<T> => ({ ok: true, value });
const bad = (problem: string): { readonly ok: false; readonly problem: string } => ({ ok: false, problem });

type Plain = { readonly [Key in keyof ArtifactRule]: ArtifactRule[Key] };

/** By the rule; without one, what the host names; undefined where neither names one. */
export function artifactOf(
  rule: ArtifactRule | undefined,
  event: HostEvent,
  known: Known,
): Made<ArtifactSource | undefined> {
  if (rule === undefined) return event.artifact === undefined ? made(undefined) : sourceOf(plainOf(event.artifact));
  const filled = fillIn(rule, event.document, known);
  return filled.ok ? sourceOf(filled.value) : filled;
}

/** A value from a sender, which may have any shape. */
function plainOf(reported: unknown): Plain {
  const git = dig(reported, 'git');
  return {
    url: text(reported, 'url'),
    sha256: text(reported, 'sha256'),
    image: text(reported, 'image'),
    directory: text(reported, 'directory'),
    archive: text(reported, 'archive'),
    git: git === undefined ? undefined : { repository: text(git, 'repository') ?? '', ref: text(git, 'ref') ?? '' },
  };
}

function fillIn(rule: ArtifactRule, document: unknown, known: Known): Made<Plain> {
  const filled: Record<string, string> = {};
  const texts = { ...rule, git: undefined, 'git.repository': rule.git?.repository, 'git.ref': rule.git?.ref };
  for (const [key, expression] of Object.entries(texts)) {
    if (expression === undefined) continue;
    const found = evaluate(expression, document, known, encoders[key]);
    if (!found.ok) return bad(`artifact.${key}: ${expression} ${found.problem}`);
    filled[key] = found.value;
  }
  const { 'git.repository': repository, 'git.ref': ref, ...plain } = filled;
  return made(repository === undefined ? plain : { ...plain, git: { repository, ref: ref ?? '' } });
}

/** A branch with a slash remains one part of an address, and of a path. */
const encoders: Readonly<Record<string, (value: string) => string>> = {
  url: encodeURIComponent,
  directory: asPart,
  archive: asPart,
};

function asPart(value: string): string {
  return value.replaceAll(/[^A-Za-z0-9._+-]/g, '-').replaceAll('..', '-');
}

function sourceOf(plain: Plain): Made<ArtifactSource | undefined> {
  const kinds = (['url', 'image', 'directory', 'archive', 'git'] as const).filter((kind) => plain[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined) return bad('artifact: expected one of url, image, directory, archive, git, found none');
  if (kinds.length > 1) return bad(`artifact: ${kinds.join(' and ')} together; expected one of them`);
  const digest = digestOf(plain.sha256);
  if (!digest.ok) return digest;
  switch (kind) {
    case 'url':
      return urlSource(plain.url ?? '', digest.value);
    case 'archive':
      return pathSource(plain.archive ?? '', (path) => ({ kind, path, sha256: digest.value }));
    case 'directory':
      return pathSource(plain.directory ?? '', (path) => ({ kind, path }));
    case 'image':
      return imageSource(plain.image ?? '');
    case 'git':
      return gitSource(plain.git ?? { repository: '', ref: '' });
    default:
      return kind satisfies never;
  }
}

function digestOf(given: string | undefined): Made<string | undefined> {
  if (given === undefined) return made(undefined);
  const hex = given.replace(/^sha256:/i, '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? made(hex) : bad('artifact.sha256: expected 64 hexadecimal digits');
}

function urlSource(given: string, sha256: string | undefined): Made<ArtifactSource> {
  const url = webAddress(given);
  return url === undefined
    ? bad('artifact.url: expected an http or https address without a user name, of at most 2000 characters')
    : made({ kind: 'url', url, sha256 });
}

/** Normalised; undefined for anything but plain http and https: a password in it would reach every message. */
export function webAddress(given: string): string | undefined {
  if (given.length > 2000 || !URL.canParse(given)) return undefined;
  const url = new URL(given);
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  return isWeb && url.username === '' && url.password === '' ? url.href : undefined;
}

function pathSource(path: string, make: (path: string) => ArtifactSource): Made<ArtifactSource> {
  const isPlain = /^\/[^\p{Cc}]{1,1000}$/u.test(path) && !path.split('/').includes('..');
  return isPlain ? made(make(path)) : bad('artifact: expected an absolute path without ..');
}

const imagePattern =
  /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

function imageSource(reference: string): Made<ArtifactSource> {
  return reference.length <= 600 && imagePattern.test(reference)
    ? made({ kind: 'image', reference })
    : bad('artifact.image: expected an image such as registry.example.com/acme/shop:v2.1');
}

function gitSource({ repository, ref }: { readonly repository: string; readonly ref: string }): Made<ArtifactSource> {
  const isPlace =
    repository.length <= 1000 &&
    (webAddress(repository) !== undefined ||
      /^(ssh:\/\/)?[a-z][a-z0-9_-]*@[A-Za-z0-9.-]+[:/][A-Za-z0-9._/~-]+$/.test(repository));
  if (!isPlace) return bad('artifact.git.repository: expected an https or ssh address without a password');
  const isRef = /^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/.test(ref) && !ref.includes('..');
  return isRef ? made({ kind: 'git', repository, ref }) : bad('artifact.git.ref: expected a commit, a tag or a branch');
}
