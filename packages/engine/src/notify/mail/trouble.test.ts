// A mail server that is away, slow, or refuses: nothing is lost, nothing is sent twice, and everything has an end.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, header, type MailServer, type Manners, startMailServer } from '../testing/mail-server.ts';
import { aWhile, eventually, type Newsroom, openNewsroom } from '../testing/news.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function server(manners: Manners = {}): Promise<MailServer> {
  const started = await startMailServer(manners);
  opened.push(started);
  return started;
}

interface Room {
  readonly port: number;
  readonly mail?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly lines?: string[];
}

function roomFor({ port, mail = ', tls: none', environment = {}, lines = [] }: Room): Newsroom {
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const room = openNewsroom({
    notify: `{ mail: { host: 127.0.0.1, port: ${port}, from: deploys@example.com${mail} } }`,
    reported: '{ mail: { failed: [requester] } }',
    environment,
    log,
  });
  opened.push(room);
  return room;
}

const subjects = ({ received }: MailServer) => received.map(({ raw }) => header(raw, 'Subject')).sort();

describe('an outage', () => {
  it('delays mail and nothing else: afterwards everything arrives, once', async () => {
    const gone = await startMailServer();
    await gone.close();
    const room = roomFor(gone);
    room.notify();
    for (const id of ['d1', 'd2', 'd3']) room.ends({ id, outcome: 'failed', version: id });
    await eventually(() => room.engine.outbox.due('mail', 9).length < 3 && room.engine.outbox.waiting('mail') === 3);
    await aWhile(3_000);
    expect(room.engine.cursor('mail')).toBe(3);
    const back = await server({ port: gone.port });
    room.clock.advance(600_000);
    await eventually(() => back.received.length === 3);
    await aWhile();
    expect(subjects(back)).toEqual(['shop: d1 failed', 'shop: d2 failed', 'shop: d3 failed']);
    expect(room.engine.outbox.waiting('mail')).toBe(0);
  });

  it('has an end, which is written once for each mail', async () => {
    const gone = await startMailServer();
    await gone.close();
    const room = roomFor(gone);
    room.notify();
    for (const id of ['d1', 'd2']) room.ends({ id, outcome: 'failed' });
    await eventually(() => room.engine.outbox.waiting('mail') === 2);
    room.clock.advance(3 * 86_400_000 + 60_000);
    await eventually(() => room.engine.outbox.waiting('mail') === 0);
    await aWhile();
    expect(room.audited().filter((action) => action === 'mail-dropped')).toHaveLength(2);
    const row = room.engine.audit.after(0, 99).find(({ action }) => action === 'mail-dropped');
    expect(row?.sentence).toMatch(
      /^mail to Alice Adams was given up: the mail server 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    );
    expect(row).toMatchObject({ service: 'shop', target: 'production', code: 'failed' });
  });

  it('of a server that takes connections and says nothing does not delay the end of the process', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => void silent.close(() => resolve())) });
    const address = silent.address();
    const room = roomFor({ port: typeof address === 'object' && address !== null ? address.port : 0 });
    const notifying = room.notify();
    const met = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    room.ends({ id: 'd1', outcome: 'failed' });
    await met;
    const began = Date.now();
    await notifying.stop();
    expect(Date.now() - began).toBeLessThan(30_000);
    expect(room.engine.outbox.waiting('mail')).toBe(1);
  });
});

describe('what the server answers', () => {
  it('with 4xx: later, and the others go on', async () => {
    let greylisted = 0;
    const taken = await server({
      toRecipient: (address) => {
        if (address !== 'alice@example.com' || greylisted >= 2) return undefined;
        greylisted += 1;
        return answer(451, '4.7.1 greylisted, come again');
      },
    });
    const room = roomFor(taken);
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed' });
    room.ends({ id: 'd2', outcome: 'halted' });
    await eventually(() => taken.received.some(({ to }) => to.includes('bob@example.com')));
    room.clock.advance(600_000);
    await aWhile();
    room.clock.advance(600_000);
    await eventually(() => taken.received.length === 3);
    expect(greylisted).toBe(2);
    expect(room.audited()).not.toContain('mail-dropped');
  });

  it('with 5xx: given up at once, and reported', async () => {
    const taken = await server({ toRecipient: () => answer(550, '5.1.1 no such\r\n person') });
    const room = roomFor(taken);
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed' });
    await eventually(() => room.audited().includes('mail-dropped'));
    await aWhile();
    expect(taken.connections()).toBe(1);
    expect(room.audited().filter((action) => action === 'mail-dropped')).toHaveLength(1);
    expect(room.engine.outbox.waiting('mail')).toBe(0);
  });

  it('slowly: it is waited for, and the mail is not sent again', async () => {
    const taken = await server({
      toMail: async () => {
        await aWhile(6_000);
        return undefined;
      },
    });
    const room = roomFor(taken);
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed' });
    await eventually(() => taken.received.length === 1);
    await aWhile();
    expect(taken.received).toHaveLength(1);
    expect(room.engine.outbox.waiting('mail')).toBe(0);
  });
});

describe('encryption', () => {
  const password = 'correct-horse-battery';
  const login = ', user: deploys, password: "$' + '{SMTP_PASSWORD}"';

  it('is required: a server without it gets neither mail nor password', async () => {
    const seen: string[] = [];
    const plain = await server({
      options: {
        disabledCommands: ['STARTTLS'],
        allowInsecureAuth: true,
        onAuth(auth, _session, done) {
          seen.push(String(auth.password));
          done(null, { user: auth.username });
        },
      },
    });
    const lines: string[] = [];
    const room = roomFor({ port: plain.port, mail: login, environment: { SMTP_PASSWORD: password }, lines });
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed' });
    await eventually(() => lines.some((line) => line.includes('was not taken')));
    await aWhile();
    expect([plain.received, seen]).toEqual([[], []]);
    expect(room.engine.outbox.waiting('mail')).toBe(1);
    expect(lines.join('')).not.toContain(password);
  });

  it('by STARTTLS, with a login; a refused login is written down without the password', async () => {
    let isRight = false;
    const folder = openFolder();
    const secured = await server({
      options: {
        disabledCommands: [],
        key: readFileSync(join(folder, 'key.pem')),
        cert: readFileSync(join(folder, 'cert.pem')),
        onAuth(auth, _session, done) {
          if (auth.password !== password) throw new Error('the password did not arrive');
          if (!isRight) return done(answer(535, `5.7.8 ${auth.password} is wrong`));
          done(null, { user: auth.username });
        },
      },
    });
    const lines: string[] = [];
    const mail = `${login}, ca: "${join(folder, 'cert.pem')}"`;
    const room = roomFor({ port: secured.port, mail, environment: { SMTP_PASSWORD: password }, lines });
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed' });
    await eventually(() => lines.some((line) => line.includes('refused the login (535)')));
    isRight = true;
    room.clock.advance(600_000);
    await eventually(() => secured.received.length === 1);
    expect(secured.received[0]).toMatchObject({ isEncrypted: true, user: 'deploys' });
    const outbox = JSON.stringify(room.engine.audit.after(0, 99));
    for (const text of [lines.join(''), outbox]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(Buffer.from(password).toString('base64').slice(0, 12));
    }
  });

  it('is not sent to a server whose certificate no authority vouches for', async () => {
    const folder = openFolder();
    const stranger = await server({
      options: {
        disabledCommands: ['AUTH'],
        key: readFileSync(join(folder, 'key.pem')),
        cert: readFileSync(join(folder, 'cert.pem')),
      },
    });
    const lines: string[] = [];
    const room = roomFor({ port: stranger.port, mail: '', lines });
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed' });
    await eventually(() => lines.some((line) => line.includes('was not taken')));
    await aWhile();
    expect(stranger.received).toEqual([]);
  });

  it('a process without the password leaves mail to the others', async () => {
    const lines: string[] = [];
    const room = roomFor({ port: 9, mail: login, lines });
    room.notify();
    room.ends({ id: 'd1', outcome: 'failed' });
    await aWhile();
    expect(lines.join('')).toContain('is not set in the environment of this process');
    expect([room.engine.cursor('mail'), room.engine.outbox.waiting('mail')]).toEqual([0, 0]);
  });
});

/** A certificate for 127.0.0.1 that no authority has signed. */
function openFolder(): string {
  const room = openNewsroom({ notify: '{}' });
  opened.push(room);
  const files = ['-keyout', join(room.folder, 'key.pem'), '-out', join(room.folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'pipe',
  });
  return room.folder;
}
