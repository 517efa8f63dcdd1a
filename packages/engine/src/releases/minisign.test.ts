// Signatures: two that minisign itself made, and our own, which the tests corrupt in every place.

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSignature } from './minisign.ts';
import { checkSignedFor } from './signed-for.ts';
import { gzipOf, sha256Of } from './testing-archive.ts';
import { fetchInto, testSettings } from './testing-fetch.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-minisign-'));
  writeFileSync(join(folder, 'test'), 'test');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const theirKey = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3';
const theirs = {
  'the old form': `untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
`,
  'the hashed form': `untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
`,
};

const check = (signature: string, keys: readonly string[] = [theirKey], name = 'test') =>
  checkSignature({ file: join(folder, name), signature, keys, release: undefined });

const ourId = randomBytes(8);
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const ourKey = Buffer.concat([
  Buffer.from('Ed'),
  ourId,
  publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
]).toString('base64');

function signed(content: Buffer, comment = 'made by a test'): string {
  const signature = sign(null, createHash('blake2b512').update(content).digest(), privateKey);
  const global = sign(null, Buffer.concat([signature, Buffer.from(comment)]), privateKey);
  const packed = Buffer.concat([Buffer.from('ED'), ourId, signature]);
  return `untrusted comment: x\n${packed.toString('base64')}\ntrusted comment: ${comment}\n${global.toString('base64')}\n`;
}

describe('a signature that minisign made', () => {
  it.each(Object.entries(theirs))('in %s fits its file and no other', async (_, signature) => {
    await check(signature);
    writeFileSync(join(folder, 'other'), 'Test');
    await expect(check(signature, [theirKey], 'other')).rejects.toThrow('does not fit the file');
  });

  it.each(Object.entries(theirs))('in %s covers its trusted comment', async (_, signature) => {
    await expect(check(signature.replace('file:test', 'file:tost'))).rejects.toThrow('trusted comment');
  });

  it('is read with a byte order mark and the line ends of Windows', async () => {
    await check(`\ufeff${theirs['the hashed form'].replaceAll('\n', '\r\n')}`);
  });

  it('is valid only with a configured key', async () => {
    await check(theirs['the hashed form'], [ourKey, theirKey]);
    await expect(check(theirs['the hashed form'], [ourKey])).rejects.toThrow(
      'it is signed by the key E7620F1842B4E81F, which is not one of',
    );
  });
});

describe('a signature', () => {
  it('is refused with any bit of it changed', async () => {
    const lines = signed(Buffer.from('test')).split('\n');
    await check(lines.join('\n'), [ourKey]);
    for (const line of [1, 3]) {
      const bytes = Buffer.from(lines[line] ?? '', 'base64');
      for (let at = 0; at < bytes.length; at += 1) {
        const spoilt = Buffer.from(bytes);
        spoilt[at] = (spoilt[at] ?? 0) ^ (1 << (at % 8));
        const text = lines.with(line, spoilt.toString('base64')).join('\n');
        await expect(check(text, [ourKey]), `byte ${at} of line ${line + 1}`).rejects.toMatchObject({
          code: 'artifact-refused',
        });
      }
    }
  });

  it.each(['', 'nonsense', 'untrusted comment: x\nRWQ=\ntrusted comment: y\nAAAA', '\n\n\n\n'])(
    'that is none is refused: %j',
    async (text) => {
      await expect(check(text)).rejects.toThrow('is no signature of minisign');
    },
  );
});

const shopV1 = { service: 'shop', version: 'v1.0' };

describe('a signature for shop v1.0', () => {
  it.each([
    'service:shop version:v1.0',
    'timestamp:1556193335\tservice:shop\tversion:v1.0',
    'service=shop version=v1.0 file:anything.tar.gz',
    'timestamp:1556193335\tfile:shop-v1.0.tar.gz\thashed',
    'file:shop_1.0_linux_amd64.tgz',
    'file:dist/shop-v1.0.tar.zst',
    'version:v1.0 file:shop-v1.0.crate',
  ])('is one with the comment %j', (comment) => {
    expect(() => checkSignedFor(comment, shopV1)).not.toThrow();
  });

  it.each([
    ['made by a test', 'does not say that it is for shop v1.0; sign with minisign -t'],
    ['', 'does not say'],
    ['version:v1.0', 'does not say'],
    ['service:shop', 'does not say'],
    ['service:shop version:v1.0.1', 'is for version "v1.0.1", and it is offered as shop v1.0'],
    ['service:shops version:v1.0', 'is for service "shops"'],
    ['version:v2 service:shop version:v1.0', 'is for version "v2"'],
    ['service:other file:shop-v1.0.tar.gz', 'is for service "other"'],
    ['file:shop-v1.0.1.tar.gz', 'does not say'],
    ['file:shop-v1.0-rc1.tar.gz', 'does not say'],
    ['file:workshop-v1.0.tar.gz', 'does not say'],
    ['file:shop.tar.gz', 'does not say'],
    [`file:shop-v1.0${'-linux'.repeat(400)}x`, 'does not say'],
  ])('is none with the comment %j', (comment, problem) => {
    expect(() => checkSignedFor(comment, shopV1)).toThrow(problem);
  });
});

describe('with a key in the configuration', () => {
  const settings = () => testSettings({ folders: [folder], publicKeys: [ourKey] });

  it('an archive is taken with its signature next to it, and not without', async () => {
    const archive = await gzipOf([{ name: 'a', body: 'a' }]);
    const path = join(folder, 'shop.tar.gz');
    const source = { kind: 'archive', path, sha256: sha256Of(archive) } as const;
    writeFileSync(path, archive);
    await expect(fetchInto(folder, source, settings())).rejects.toThrow('it has no signature next to it');
    writeFileSync(`${path}.minisig`, signed(Buffer.from('another')));
    await expect(fetchInto(folder, source, settings())).rejects.toThrow('does not fit the file');
    for (const comment of [
      'made by a test',
      'service:other version:v1',
      'service:shop version:v2',
      'file:shop-v1.0.tar.gz',
    ]) {
      writeFileSync(`${path}.minisig`, signed(archive, comment));
      await expect(fetchInto(folder, source, settings()), comment).rejects.toMatchObject({ code: 'artifact-refused' });
    }
    writeFileSync(`${path}.minisig`, signed(archive, 'service:shop version:v1'));
    expect(await fetchInto(folder, source, settings())).toMatchObject({ files: 1 });
  });

  it('a signature for anything is taken where the configuration says so', async () => {
    const archive = await gzipOf([{ name: 'a', body: 'a' }]);
    const path = join(folder, 'loose.tar.gz');
    writeFileSync(path, archive);
    writeFileSync(`${path}.minisig`, signed(archive));
    const loose = { ...settings(), signatureNamesRelease: false };
    expect(await fetchInto(join(folder, 'loose'), { kind: 'archive', path, sha256: undefined }, loose)).toMatchObject({
      files: 1,
    });
  });

  it('a folder is refused', async () => {
    await expect(fetchInto(folder, { kind: 'directory', path: join(folder, 'shop') }, settings())).rejects.toThrow(
      'a folder cannot be signed',
    );
  });
});
