// The receiver as senders see it: a real process and state, and real payloads that other programs have signed.

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Stage, setStage } from '../../../test/support/stage.ts';
import { githubEvent, payload, payloadsOf } from './testing/payloads.ts';
import { type Receiver, startReceiver } from './testing/receiver.ts';
import { type Headers, signedByOctokit, signedStandardly } from './testing/signing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const githubSecret = randomBytes(20).toString('hex');
const oldToken = randomBytes(20).toString('hex');
const token = randomBytes(20).toString('hex');
const standardSecret = `whsec_${randomBytes(32).toString('base64')}`;
const structured = { 'content-type': 'application/cloudevents+json' };

let stage: Stage;
let receiver: Receiver;
let port = 0;

beforeAll(async () => {
  stage = await setStage();
  receiver = await startReceiver(stage, [], {
    GITHUB_WEBHOOK_SECRET: githubSecret,
    GITLAB_WEBHOOK_TOKEN: `${oldToken},${token}`,
    CDEVENTS_SECRET: standardSecret,
    CDEVENTS_TOKEN: token,
    TRUSTED_PROXIES: '127.0.0.8',
  });
  port = Number(new URL(receiver.url).port);
});
afterAll(async () => {
  receiver.child.kill('SIGKILL');
  await receiver.ended;
  await stage.strike();
});

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

function post(path: string, body: Buffer, headers: Headers, localAddress = '127.0.0.1'): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sending = request(
      { host: '127.0.0.1', port, localAddress, path, method: 'POST', headers, timeout: 30_000 },
      (answer) => {
        let text = '';
        answer.on('data', (piece) => {
          text += piece;
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text || '{}') }),
        );
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });
}

const github = async (body: Buffer, event: string, id: string, more: Headers = {}) =>
  post('/hooks/github', body, { ...(await signedByOctokit(githubSecret, body, event, id)), ...more });
const gitlab = (body: Buffer, more: Headers) => post('/hooks/gitlab', body, { 'x-gitlab-token': token, ...more });
const inbox = () => stage.open('look').inbox;
const facts = (action: string) =>
  stage
    .open('look')
    .audit.after(0, 10_000)
    .filter((row) => row.action === action);

describe('what code hosts send', () => {
  it.each(payloadsOf('github').map(({ name, body }) => [name, body] as const))(
    'GitHub’s %s is kept with its bytes, and once',
    async (name, body) => {
      const first = await github(body, githubEvent(name), `id-${name}`);
      expect([first.status, first.body]).toEqual([202, expect.objectContaining({ duplicate: false })]);
      expect(inbox().body(Number(first.body.event))).toEqual(body);
      const redelivered = await github(body, githubEvent(name), `id-${name}`);
      const replayed = await github(body, githubEvent(name), `another-id-${name}`);
      for (const again of [redelivered, replayed])
        expect([again.status, again.body]).toEqual([
          200,
          expect.objectContaining({ duplicate: true, event: first.body.event }),
        ]);
    },
  );

  it.each(payloadsOf('gitlab').map(({ name, body }) => [name, body] as const))(
    'GitLab’s %s is kept, and once',
    async (name, body) => {
      const first = await gitlab(body, { 'idempotency-key': `key-${name}` });
      expect([first.status, inbox().body(Number(first.body.event))]).toEqual([202, body]);
      const again = await gitlab(body, { 'idempotency-key': `key-${name}`, 'x-gitlab-token': oldToken });
      expect([again.status, again.body.event]).toEqual([200, first.body.event]);
    },
  );

  it('a CDEvent is stored, and is one event signed, with a token, and in either mode', async () => {
    const event = payload('cdevents', 'artifact-published');
    const data = payload('cdevents', 'artifact-published-data');
    const { context } = JSON.parse(data.toString());
    const ce = { 'ce-specversion': '1.0', 'ce-id': context.id, 'ce-source': context.source, 'ce-type': context.type };
    const bearer = { authorization: `Bearer ${token}` };
    const answers = [
      await post('/hooks/cdevents', event, { ...signedStandardly(standardSecret, event, 'msg_1'), ...structured }),
      await post('/hooks/cdevents', event, { ...bearer, ...structured }),
      await post('/hooks/cdevents', data, { ...bearer, ...ce }),
      await post('/hooks/cdevents', data, { ...signedStandardly(standardSecret, data, 'msg_2'), ...ce }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.event)).size).toBe(1);
  });

  it('comes in parallel and is one event', async () => {
    const body = Buffer.from(JSON.stringify({ zen: 'at once', hook_id: 1 }));
    const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => github(body, 'ping', `parallel-${at}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(29).fill(200), 202]);
    expect(new Set(answers.map(({ body: { event } }) => event)).size).toBe(1);
  });

  it('comes to an end, and none has to wait for a person', async () => {
    const end = Date.now() + 60_000;
    const all = () => inbox().list({ limit: 1000 });
    while (all().some(({ state }) => state === 'waiting') && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 200));
    // No rule of this configuration matches any of it.
    const rest = all().filter(({ state }) => state !== 'ignored');
    expect(rest.map(({ delivery, state }) => `${delivery} ${state}`)).toEqual([]);
    expect(all().length).toBeGreaterThan(25);
  });

  it.each<[string, string, () => Promise<readonly [Buffer, Headers]>]>([
    [
      'GitHub',
      'x-hub-signature-256',
      async () => {
        const body = Buffer.from(
          JSON.stringify({ zen: 'Keep it logically awesome.', hook_id: 7, hook: { type: 'App' } }),
        );
        return [body, await signedByOctokit(githubSecret, body, 'ping', 'bits')];
      },
    ],
    [
      'CDEvents',
      'webhook-signature',
      async () => {
        const body = payload('cdevents', 'pipelinerun-finished-failure');
        return [body, { ...signedStandardly(standardSecret, body, 'msg_bits'), ...structured }];
      },
    ],
  ])('from %s is refused when a bit of body or signature is changed on the way', async (name, header, make) => {
    const [body, headers] = await make();
    const path = `/hooks/${name.toLowerCase()}`;
    const flipped = (bytes: Buffer, bit: number) => {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return copy;
    };
    const signature = Buffer.from(headers[header] ?? '', 'latin1');
    const before = inbox().list({ limit: 1 })[0]?.id;
    const step = Math.ceil((body.length * 8) / 100);
    for (let bit = 0; bit < body.length * 8; bit += step)
      expect([401, 429]).toContain((await post(path, flipped(body, bit), headers, '127.0.0.6')).status);
    for (let bit = 0; bit < signature.length * 8; bit += 3) {
      const changed = flipped(signature, bit).toString('latin1');
      // What a header cannot contain is rejected before this point.
      if (!/^[!-~]+$/.test(changed)) continue;
      expect([401, 429]).toContain((await post(path, body, { ...headers, [header]: changed }, '127.0.0.6')).status);
    }
    expect(inbox().list({ limit: 1 })[0]?.id).toBe(before);
    expect((await post(path, body, headers, '127.0.0.6')).status).toBe(202);
  });

  it('that cannot be read is reported to a proved sender, and is in the audit log', async () => {
    const before = facts('refused').length;
    const { status, body } = await github(Buffer.from('{"a":'), 'push', 'broken');
    expect([status, body]).toEqual([400, { code: 'body-invalid', sentence: 'the body is not JSON' }]);
    const rows = facts('refused').slice(before);
    expect(rows).toEqual([
      expect.objectContaining({ actor: 'machine:github', sentence: expect.stringContaining('the body is not JSON') }),
    ]);
    for (let times = 0; times < 60; times += 1) await github(Buffer.from('{"a":'), 'push', 'broken');
    expect(facts('refused').length - before).toBeLessThanOrEqual(25);
  });
});

describe('unauthenticated senders', () => {
  const body = Buffer.from('{}');

  it('find no hook without a secret, and hear the same as everywhere else', async () => {
    const answers = [
      await post('/hooks/generic', body, signedStandardly(standardSecret, body, 'a')),
      await post('/hooks/other', body, {}),
      await post('/wp-login.php', body, {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
  });

  it('hear one constant text, whatever is wrong', async () => {
    const wrong = await Promise.all([
      post('/hooks/github', body, {}),
      post('/hooks/github', body, { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }),
      post('/hooks/gitlab', body, { 'x-gitlab-token': 'guess' }),
      post('/hooks/cdevents', body, { authorization: 'Bearer guess' }),
      post('/hooks/cdevents', body, signedStandardly(standardSecret, body, 'a', new Date(0))),
    ]);
    expect(new Set(wrong.map(({ status, body: text }) => `${status} ${JSON.stringify(text)}`))).toEqual(
      new Set(['401 {"code":"unsigned","sentence":"This delivery is not proved."}']),
    );
  });

  it('have to wait per source, as the trusted proxy names it, and only that source', async () => {
    const from = (source: string, proxy: string) => post('/hooks/github', body, { 'x-forwarded-for': source }, proxy);
    const many = await Promise.all(Array.from({ length: 100 }, () => from('203.0.113.1', '127.0.0.8')));
    const refused = many.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(20);
    expect(refused.every(({ headers }) => Number(headers['retry-after']) >= 1)).toBe(true);
    expect((await from('203.0.113.2', '127.0.0.8')).status).toBe(401);
    expect((await from('198.51.100.9, 203.0.113.1', '127.0.0.8')).status).toBe(429);
    // The receiver ignores the header of an address that is no trusted proxy.
    const alone = await Promise.all(Array.from({ length: 100 }, (_, at) => from(`203.0.113.${at}`, '127.0.0.7')));
    expect(alone.filter(({ status }) => status === 429).length).toBeGreaterThan(20);
  });

  it('do not block a proved sender, though all come from one address', async () => {
    const ping = Buffer.from(JSON.stringify({ zen: 'through', hook_id: 2 }));
    const headers = await signedByOctokit(githubSecret, ping, 'ping', 'through');
    expect((await post('/hooks/github', body, {}, '127.0.0.7')).status).toBe(429);
    expect((await post('/hooks/github', ping, headers, '127.0.0.7')).status).toBe(202);
  });

  it('do not take all connections', async () => {
    const sockets = await Promise.all(
      Array.from(
        { length: 300 },
        () =>
          new Promise<{ readonly socket: ReturnType<typeof connect>; readonly isOpen: () => boolean }>((resolve) => {
            let open = true;
            const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.5' });
            socket.on('error', () => undefined);
            socket.on('close', () => {
              open = false;
            });
            socket.on('connect', () => resolve({ socket, isOpen: () => open }));
          }),
      ),
    );
    const held = () => sockets.filter(({ isOpen }) => isOpen()).length;
    await expect.poll(held).toBeLessThanOrEqual(256);
    expect(held()).toBeGreaterThan(0);
    const beside = await github(Buffer.from(JSON.stringify({ zen: 'beside', hook_id: 3 })), 'ping', 'beside');
    for (const { socket } of sockets) socket.destroy();
    expect(beside.status).toBe(202);
  });
});
