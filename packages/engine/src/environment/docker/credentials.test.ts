import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { credentialsFor, registryOf } from './credentials.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-credentials-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const registry = 'registry.example.com';
const image = `${registry}/acme/shop@sha256:${'a'.repeat(64)}`;
const file = (content: unknown): string => {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
};

it.each([
  ['shop', 'docker.io'],
  ['acme/shop:1', 'docker.io'],
  ['localhost/shop', 'localhost'],
  ['127.0.0.1:5000/shop@sha256:aa', '127.0.0.1:5000'],
  [image, registry],
])('%s is of %s', (reference, expected) => {
  expect(registryOf(reference)).toBe(expected);
});

it('reads user and password from the configuration, a file of Docker, or what a command prints', async () => {
  const expected = { username: 'ci', password: 'hush:hush', serveraddress: registry };
  const auth = Buffer.from('ci:hush:hush').toString('base64');
  for (const access of [
    { kind: 'password', username: 'ci', password: 'hush:hush' },
    { kind: 'file', path: file({ auths: { [registry]: { auth } } }) },
    { kind: 'command', username: 'ci', argv: ['echo', 'hush:hush'] },
  ] as const)
    expect(await credentialsFor(image, [{ registry, ...access }])).toEqual(expected);
});

it('gives a registry nothing that is of another', async () => {
  const access = { registry: 'other.example.com', kind: 'password', username: 'ci', password: 'hush' } as const;
  expect(await credentialsFor(image, [access])).toBeUndefined();
});

it.each([
  ['a file that is not there', { kind: 'file', path: '/nowhere/config.json' }, '/nowhere/config.json cannot be read'],
  ['a helper that is not installed', { kind: 'helper', name: 'none-of-this' }, 'exec-not-found'],
  ['a command that fails', { kind: 'command', username: 'ci', argv: ['sh', '-c', 'echo hush; exit 1'] }, 'exec-failed'],
  ['a command that prints nothing', { kind: 'command', username: 'ci', argv: ['true'] }, 'true prints nothing'],
] as const)('is refused with %s, without a secret', async (_, access, sentence) => {
  const refusal: unknown = await credentialsFor(image, [{ registry, ...access }]).catch((thrown: unknown) => thrown);
  expect(refusal).toMatchObject({ code: 'artifact-refused', message: expect.stringContaining(sentence) });
  expect(String(refusal)).not.toContain('hush');
});
