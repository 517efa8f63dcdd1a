// Where a release is fetched from, as it is written on the command line.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ArtifactSource } from '@bg/engine';
import { usageError } from './usage.ts';

export const sourceForms = 'https://host/shop.tar.gz, a path, image:registry/name:tag, or git:repository#ref';

/** Undefined: what CI announced. A path starts at the folder that the command is typed in. */
export function readSource(from: string | undefined, sha256: string | undefined): ArtifactSource | undefined {
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
    throw usageError(`"${sha256}" is no sha256: 64 hexadecimal digits.`);
  const source = from === undefined ? undefined : sourceOf(from, sha256);
  if (sha256 !== undefined && !(source && 'sha256' in source))
    throw usageError('--sha256 is for an archive that --from names.');
  return source;
}

function sourceOf(from: string, sha256: string | undefined): ArtifactSource {
  const [, kind, rest = ''] = /^(https?|git|image):(.*)$/.exec(from) ?? [];
  if (kind === 'http' || kind === 'https') return { kind: 'url', url: from, sha256 };
  if (kind === 'image') return { kind: 'image', reference: rest };
  if (kind === 'git') {
    const [, repository, ref] = /^(.+)#([^#]+)$/.exec(rest) ?? [];
    if (repository === undefined || ref === undefined)
      throw usageError(`"${from}" names no ref: it is written git:repository#ref.`);
    return { kind: 'git', repository, ref };
  }
  const path = resolve(from);
  const found = statSync(path, { throwIfNoEntry: false });
  const isArchive = found === undefined ? /\.(tgz|tzst|crate|tar\.[a-z0-9]+)$/.test(path) : !found.isDirectory();
  return isArchive ? { kind: 'archive', path, sha256 } : { kind: 'directory', path };
}
