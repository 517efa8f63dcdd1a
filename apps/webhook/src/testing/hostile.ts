// Requests as only attackers send them: as bytes, from a seed, so that a failure can be reproduced.

import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { payload } from './payloads.ts';

export interface HostileRequest {
  readonly bytes: Buffer;
  /** The connection does not outlive it. */
  readonly isLast: boolean;
}

/** Known to the attacker of this test, who may use them for what must be refused nevertheless: what is old or changed. */
export interface KnownSecrets {
  readonly github: string;
  /** The bytes of a `whsec_` secret. */
  readonly standard: Buffer;
}

export interface Dice {
  /** From 0 to `sides` - 1. */
  roll(sides: number): number;
  pick<T>(faces: readonly T[]): T;
}

/** Mulberry32: 32 bits of state, the same numbers from the same seed. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  function roll(sides: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }
  return { roll, pick: (faces) => faces[roll(faces.length)] as (typeof faces)[number] };
}

const hooks = ['/hooks/github', '/hooks/gitlab', '/hooks/generic', '/hooks/cdevents'];
/** A push of GitHub and of GitLab: a receiver that believed it would have something to store. */
const push = Buffer.from(
  JSON.stringify({
    object_kind: 'push',
    ref: 'refs/heads/main',
    before: '4'.repeat(40),
    after: '9'.repeat(40),
    commits: [{ id: '9'.repeat(40), message: 'Let the basket be emptied ✓', author: { name: 'Alice Adams' } }],
    repository: { full_name: 'acme/shop', default_branch: 'main' },
    service: 'shop',
    version: 'v1.0',
  }),
);
const event = payload('cdevents', 'artifact-published');
const now = () => Math.floor(Date.now() / 1000);

function http(method: string, path: string, headers: readonly string[], body: Buffer = Buffer.alloc(0)): Buffer {
  const length = body.length > 0 || method === 'POST' ? [`content-length: ${body.length}`] : [];
  const head = [`${method} ${path} HTTP/1.1`, 'host: door', ...headers, ...length, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

function githubSignature(secret: string | Buffer, body: Buffer): string {
  return `x-hub-signature-256: sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function standardSignature(key: Buffer, body: Buffer, at: number): readonly string[] {
  const mac = createHmac('sha256', key).update(`msg_old.${at}.`).update(body).digest('base64');
  return ['webhook-id: msg_old', `webhook-timestamp: ${at}`, `webhook-signature: v1,${mac}`];
}

const githubHeaders = ['x-github-event: push', 'x-github-delivery: 1-2-3', 'content-type: application/json'];
const noise = (dice: Dice, length: number) => Buffer.from(Array.from({ length }, () => dice.roll(256)));
const cloudEvent = ['content-type: application/cloudevents+json'];
const nested = (depth: number) => Buffer.from(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`);
const oneOff = (body: Buffer, dice: Dice) => {
  const copy = Buffer.from(body);
  const bit = dice.roll(copy.length * 8);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

type Make = (dice: Dice, secrets: KnownSecrets) => Buffer;

/** Well-formed HTTP: the connection goes on. */
const polite: readonly Make[] = [
  (dice) => http('POST', dice.pick(hooks), githubHeaders, push),
  (dice) => http('POST', '/hooks/github', [...githubHeaders, githubSignature(String(dice.roll(1e9)), push)], push),
  // One bit differs from what was signed with the right secret.
  (dice, { github }) =>
    http('POST', '/hooks/github', [...githubHeaders, githubSignature(github, push)], oneOff(push, dice)),
  (dice, { standard }) => http('POST', dice.pick(hooks), standardSignature(standard, push, now()), oneOff(push, dice)),
  // The right signature, ten minutes or ten years ago.
  (dice, { standard }) =>
    http('POST', '/hooks/generic', standardSignature(standard, push, dice.pick([now() - 600, 1e9])), push),
  (dice, { github }) => http('POST', dice.pick(hooks), [...githubHeaders, githubSignature(github, event)], push),
  (dice) => http('POST', '/hooks/gitlab', [`x-gitlab-token: ${dice.roll(1e9)}`, 'x-gitlab-event: Push Hook'], push),
  (dice) => http('POST', '/hooks/cdevents', [`authorization: Bearer ${dice.roll(1e9)}`, ...cloudEvent], event),
  (dice) =>
    http('POST', '/hooks/cdevents', [`authorization: ${'Bearer '.repeat(dice.roll(50))}`, ...cloudEvent], event),
  (dice) =>
    http('POST', dice.pick(hooks), ['x-hub-signature-256: sha256=', 'webhook-signature: v1,'], nested(dice.roll(4000))),
  (dice) =>
    http(
      'POST',
      dice.pick(hooks),
      ['content-type: application/json; charset=utf-16'],
      Buffer.from('\ufeff{"a":1}', 'utf16le'),
    ),
  (dice) =>
    http('POST', dice.pick(hooks), ['content-encoding: gzip', 'x-gitlab-token: x'], oneOff(gzipSync(push), dice)),
  (dice) => http('POST', dice.pick(hooks), ['content-encoding: gzip'], gzipSync(Buffer.alloc(200_000))),
  (dice) => http('POST', dice.pick(hooks), ['x-gitlab-token: x'], noise(dice, dice.roll(2000))),
  (dice) =>
    http(
      'POST',
      dice.pick(hooks),
      ['webhook-signature: v1,a'],
      Buffer.from('{"__proto__":{"proved":true},"constructor":1}'),
    ),
  (dice) =>
    http(
      'POST',
      dice.pick(hooks),
      [`content-type: ${dice.pick(['', ';', 'a/b;c=', 'multipart/form-data', '*/*'])}`],
      push,
    ),
  (dice) =>
    http(
      'POST',
      dice.pick(hooks),
      Array.from({ length: 60 + dice.roll(35) }, (_, at) => `x-${at}: ${'y'.repeat(dice.roll(30))}`),
    ),
  (dice) =>
    http('POST', dice.pick(hooks), [`x-forwarded-for: 203.0.113.${dice.roll(255)}`, 'x-real-ip: 127.0.0.1'], push),
  (dice) =>
    http(
      'POST',
      `${dice.pick(hooks)}${dice.pick(['/', '?a=1', '//', '%2f', '/../github', ';a', '%00', '.json'])}`,
      [],
      push,
    ),
  (dice) =>
    http(
      'GET',
      dice.pick([
        '/.env',
        '/wp-login.php',
        '/..%2f..%2fetc/passwd',
        '/%zz',
        '/hooks',
        '/metrics',
        '/?x=%ff',
        `/${'a'.repeat(3000)}`,
      ]),
      [],
    ),
  (dice) =>
    http(dice.pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE', 'GET', 'HEAD']), dice.pick(hooks), []),
  (dice) => http('POST', dice.pick(hooks), ['expect: 100-continue'], push),
  (dice) =>
    http(
      'POST',
      dice.pick(hooks),
      ['x-hub-signature-256: a', 'x-hub-signature-256: b', 'x-gitlab-token: a', 'x-gitlab-token: b'],
      push,
    ),
];

const raw = (text: string) => Buffer.from(text, 'latin1');
const posted = (headers: string, body: string) =>
  raw(`POST /hooks/github HTTP/1.1\r\nhost: door\r\n${headers}\r\n\r\n${body}`);

/** After these the server lets go of the connection, or we do. */
const rude: readonly Make[] = [
  (dice) =>
    http(
      'POST',
      dice.pick(hooks),
      Array.from({ length: 110 + dice.roll(400) }, (_, at) => `x-${at}: y`),
    ),
  () => raw('GET\r\n\r\n'),
  () => raw('POST /hooks/github HTTP/9.9\r\n\r\n'),
  () => raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  () => raw('SSH-2.0-OpenSSH_9.6\r\n'),
  () => Buffer.from('16030100c8010000c40303', 'hex'),
  (dice) => noise(dice, 1 + dice.roll(3000)),
  (dice) => raw(`POST /hooks/github HTTP/1.1\r\nhost: door\r\nx: ${'y'.repeat(17_000 + dice.roll(50_000))}\r\n\r\n`),
  () => raw(`POST /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: door\r\n\r\n`),
  () => posted('content-length: -1', ''),
  () => posted('content-length: 5\r\ncontent-length: 6', 'abcdef'),
  () => posted('content-length: 4\r\ntransfer-encoding: chunked', '0\r\n\r\nGET / HTTP/1.1\r\n\r\n'),
  () => posted('content-length: 99999999999', 'a'),
  () => posted('content-length: 2000000', 'a'.repeat(100_000)),
  () => posted('transfer-encoding: chunked', 'zz\r\nabc\r\n'),
  () => posted('transfer-encoding: chunked', 'ffffffffffffffff\r\nabc\r\n'),
  (dice) => posted('transfer-encoding: chunked', `${'1;x=y\r\na\r\n'.repeat(dice.roll(500))}0\r\n\r\n`),
  () => posted('transfer-encoding: gzip, chunked', '1\r\na\r\n0\r\n\r\n'),
  () => posted('x:\0y', ''),
  () => raw('POST /hooks/github HTTP/1.1\nhost: door\n\n'),
  () => posted('host: other\r\n folded: yes', ''),
  () => raw('CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: door\r\n\r\n'),
  () =>
    raw('GET / HTTP/1.1\r\nhost: door\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n'),
  () => posted('expect: miracles\r\ncontent-length: 1', 'a'),
];

/** Few, since each is more than a delivery may be: declared, or only in the end. */
const huge: readonly Make[] = [
  (_dice, { github }) =>
    http('POST', '/hooks/github', [...githubHeaders, githubSignature(github, push)], Buffer.alloc((1 << 20) + 1, 'a')),
  () => posted('x-gitlab-token: x\r\ntransfer-encoding: chunked', `10000\r\n${'a'.repeat(65_536)}\r\n`.repeat(17)),
];

export function hostileRequest(dice: Dice, secrets: KnownSecrets): HostileRequest {
  const kind = dice.roll(2000) === 0 ? huge : dice.roll(10) === 0 ? rude : polite;
  return { bytes: dice.pick(kind)(dice, secrets), isLast: kind !== polite };
}
