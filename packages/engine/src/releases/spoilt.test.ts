// Archives that are corrupted at random: in any case nothing is written outside, and every ending has a sentence.

import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeFolder } from '../lib/remove-folder.ts';
import { tarOf } from './testing-archive.ts';
import { fetchInto, testSettings } from './testing-fetch.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-spoilt-'));
  mkdirSync(join(folder, 'builds'));
  mkdirSync(join(folder, 'releases'));
});
afterEach(() => removeFolder(folder));

/** Parts that hostile names are made of; a checksum that fits lets each through to us. */
const part = fc.constantFrom('..', '.', 'a', 'A', 'b', '', 'l', 'é', 'e\u0301', 'n\u0000x', '\u202e', 'x'.repeat(260));
const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const entry = fc.record({
  name,
  type: fc.constantFrom('file', 'file', 'directory', 'symlink', 'link', 'fifo' as const),
  linkname: name,
  body: fc.constantFrom('', 'body'),
  mode: fc.constantFrom(0o644, 0o4755, 0o7777),
});

async function tryFetch(archive: Buffer): Promise<void> {
  const path = join(folder, 'builds', 'shop.tar.gz');
  writeFileSync(path, archive);
  const settings = testSettings({ folders: [join(folder, 'builds')] });
  const ending = await fetchInto(folder, { kind: 'archive', path, sha256: undefined }, settings).then(
    () => 'fetched',
    (thrown) => thrown,
  );
  if (ending !== 'fetched') {
    expect(ending).toMatchObject({ code: 'artifact-refused' });
    expect(ending.message).not.toMatch(/\p{Cc}|\u202e/u);
  }
  expect(readdirSync(folder).sort()).toEqual(['builds', 'releases']);
  expect(readdirSync(join(folder, 'releases'))).toEqual(ending === 'fetched' ? ['v1'] : []);
  await removeFolder(join(folder, 'releases', 'v1'));
}

it('made of hostile names in any order', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async (entries) => {
      const packed = entries.map((each) => ({ ...each, body: each.type === 'file' ? each.body : '' }));
      await tryFetch(gzipSync(await tarOf(packed)));
    }),
    { numRuns: 300 },
  );
});

it('with bytes changed anywhere', { timeout: 120_000 }, async () => {
  const tar = await tarOf([
    { name: 'lib/', type: 'directory' },
    { name: 'lib/a', body: 'a'.repeat(600) },
    { name: `${'long/'.repeat(30)}b`, body: 'b' },
    { name: 'l', type: 'symlink', linkname: 'lib/a' },
  ]);
  const change = fc.tuple(fc.nat(tar.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(tar.length), async (changes, cut) => {
      const spoilt = Buffer.from(tar);
      for (const [at, to] of changes) spoilt[at] = to;
      await tryFetch(gzipSync(cut % 3 === 0 ? spoilt.subarray(0, cut) : spoilt));
    }),
    { numRuns: 300 },
  );
});
