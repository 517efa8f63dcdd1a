// Which release a signature is for, as its trusted comment says: without that, the archive and the signature of one
// version could be offered as any other version, of any service. Pure.

import { refused } from './refused.ts';

export interface SignedRelease {
  readonly service: string;
  readonly version: string;
}

/** @throws BlueGreenError `artifact-refused` unless the comment names both, by themselves or within the name of the file. */
export function checkSignedFor(comment: string, { service, version }: SignedRelease): void {
  const said = wordsOf(comment);
  for (const [name, expected] of Object.entries({ service, version })) {
    const found = said.get(name);
    if (found !== undefined && found !== expected)
      throw refused(`its signature is for ${name} ${quoted(found)}, and it is offered as ${service} ${version}`);
  }
  const file = said.get('file');
  if (file !== undefined && isFileOf(file, { service, version })) return;
  if (said.has('service') && said.has('version')) return;
  throw refused(
    `the trusted comment of its signature, ${quoted(comment)}, does not say that it is for ${service} ${version}; sign with minisign -t "service:${service} version:${version}", name the archive ${service}-${version}.tar.gz, or set \`artifacts.signatureNamesRelease\` to false`,
  );
}

/** minisign's own form is `timestamp:1556193335<tab>file:shop-v1.0.tar.gz<tab>hashed`; of a word that comes twice the first counts. */
function wordsOf(comment: string): ReadonlyMap<string, string> {
  // Cut short, the name of a file could be read as another one.
  if (comment.length > longestComment) return new Map();
  const pairs = comment
    .split(/[\t ]/)
    .map((word) => /^(service|version|file)[:=](.+)$/.exec(word))
    .filter((found) => found !== null)
    .map(([, name = '', value = '']) => [name, value] as const);
  return new Map([...pairs].reverse());
}

const longestComment = 2_000;
const archives = ['.tar.gz', '.tar.zst', '.tar.xz', '.tar.bz2', '.tgz', '.tzst', '.tar', '.crate'];
const platform = /^[-_.](linux|darwin|macos|windows|x64|x86_64|amd64|arm64|aarch64|musl|gnu|all|noarch)/;

/** `shop-v1.0.tar.gz`, `shop_1.0_linux_amd64.tgz`: the whole name counts, or shop-v1.0-rc1 would be taken for v1.0. */
function isFileOf(file: string, { service, version }: SignedRelease): boolean {
  const base = file.slice(file.lastIndexOf('/') + 1);
  const ending = archives.find((each) => base.endsWith(each)) ?? '';
  const name = base.slice(0, base.length - ending.length);
  const numbers = /^v\d/.test(version) ? [version, version.slice(1)] : [version, `v${version}`];
  const heads = numbers.flatMap((number) => ['-', '_', '.', '@'].map((between) => `${service}${between}${number}`));
  return heads.some((head) => name.startsWith(head) && withoutPlatform(name.slice(head.length)) === '');
}

function withoutPlatform(rest: string): string {
  const found = platform.exec(rest);
  return found ? withoutPlatform(rest.slice(found[0].length)) : rest;
}

const quoted = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
