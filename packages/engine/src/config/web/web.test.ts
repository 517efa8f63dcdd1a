import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, makeBench, smallConfig } from '../test-config.ts';
import { webSecrets } from './web.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const withWeb = (web: string): string => `web: ${web}\n${smallConfig}`;
const settingsOf = (web: string, environment: Record<string, string> = {}) =>
  bench.check(withWeb(web), environment).settings?.web;
const token = 'sixteen-or-more-characters';

it('is served on this machine alone unless the file says otherwise', () => {
  expect(settingsOf(`{ token: ${token} }`)).toEqual({
    host: '127.0.0.1',
    port: 3002,
    token: { value: token },
    publicUrl: undefined,
    trustedHeader: undefined,
    trustedProxies: ['loopback'],
  });
});

it('is served nowhere without a word about it, and changes nothing that is compared between processes', () => {
  expect(bench.check(smallConfig).settings?.web).toBeUndefined();
  expect(bench.check(withWeb(`{ token: ${token} }`)).settings?.digest).toBe(bench.check(smallConfig).settings?.digest);
});

it('takes its token from the environment or a file, and the token is known as a secret', () => {
  const given = settingsOf('{ token: "${WEB_TOKEN}" }', { WEB_TOKEN: token });
  expect(webSecrets(given)).toEqual([token]);
  expect(settingsOf('{ token: "${WEB_TOKEN}" }')?.token).toEqual({ value: undefined });
  expect(settingsOf('{ token: "file:secrets/web" }')?.token).toEqual({ file: join(bench.folder, 'secrets/web') });
  expect(webSecrets(undefined)).toEqual([]);
});

it('leaves out the slash at the end, and writes the header as Node has it', () => {
  const web =
    '{ listen: 4000, trustedHeader: X-Forwarded-User, publicUrl: "https://ops.example/deploy/", trustedProxies: [10.0.0.0/8] }';
  expect(settingsOf(web)).toMatchObject({
    port: 4000,
    publicUrl: 'https://ops.example/deploy',
    trustedHeader: 'x-forwarded-user',
    trustedProxies: ['10.0.0.0/8'],
  });
});

describe('is refused or warned of', () => {
  it.each([
    ['without a proof', '{ listen: 4000 }', 'expected a token, or a trustedHeader'],
    ['with a token that can be guessed', '{ token: short }', 'a secret of 16 to 1000 visible characters'],
    [
      'with an address that people cannot open',
      `{ token: ${token}, publicUrl: "deploy.example.com" }`,
      'an address such as',
    ],
    ['with an address in the clear', `{ token: ${token}, publicUrl: "http://deploy.example.com" }`, 'is not encrypted'],
    ['with proxies of no header', `{ token: ${token}, trustedProxies: [10.0.0.7] }`, 'is only for trustedHeader'],
    ['with no header', '{ trustedHeader: "X Forwarded" }', 'the name of a header'],
    ['with no network', '{ trustedHeader: X-User, trustedProxies: [everywhere] }', 'an address or a network'],
  ])('%s', (_name, web, expected) => {
    expect(bench.problems(withWeb(web)).join('\n')).toContain(expected);
  });

  it('without showing what the token was', () => {
    expect(bench.problems(withWeb('{ token: "${WEB_TOKEN}" }'), { WEB_TOKEN: 'hunter2' }).join('\n')).not.toContain(
      'hunter2',
    );
    expect(bench.problems(withWeb('{ token: hunter2 }')).join('\n')).not.toContain('hunter2');
  });
});
