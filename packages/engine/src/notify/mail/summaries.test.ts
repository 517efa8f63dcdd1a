// The summary by mail, from a real engine to a real mail server: each person gets each period once, whatever the clock, the
// processes and the mail server do.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../lib/log.ts';
import { figureRows, headlineOf } from '../../report/words.ts';
import { loadSettings, openEngine } from '../../testing/small-engine.ts';
import { answer, header, type MailServer, type Manners, partOf, startMailServer } from '../testing/mail-server.ts';
import { aWhile, eventually, type Newsroom, openNewsroom } from '../testing/news.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const dayMs = 86_400_000;

async function setUp(
  mail = '[alice, bob]',
  manners: Manners = {},
): Promise<{ readonly server: MailServer; readonly room: Newsroom }> {
  const server = await startMailServer(manners);
  opened.push(server);
  const notify = `{ mail: { host: 127.0.0.1, port: ${server.port}, tls: none, from: deploys@example.com } }\nsummary: { every: day, at: "00:00", mail: ${mail} }`;
  const room = openNewsroom({ notify, reported: '{ mail: { live: [] } }' });
  opened.push(room);
  return { server, room };
}

const sent = ({ received }: MailServer) =>
  received.map(({ raw, to }) => `${to.join()} ${header(raw, 'Subject')}`).sort();
const cursor = ({ engine }: Newsroom): number => engine.cursor('mail-summary-day');
/** Wall time passes while no process looks, and one looks then. */
async function lookAfter(room: Newsroom, ms: number): Promise<void> {
  room.clock.jump(ms);
  const { stop } = room.notify();
  const day = Math.floor(room.clock.now() / dayMs);
  await eventually(() => cursor(room) >= day - 1 && room.engine.outbox.waiting('mail') === 0);
  await aWhile(300);
  await stop();
}

describe('the summary by mail', () => {
  it('begins with the period that ends next, and comes once to each person, with the figures of the period', async () => {
    const { server, room } = await setUp();
    await lookAfter(room, 0);
    expect(server.received).toEqual([]);
    room.ends({ id: 'd1', outcome: 'promoted' });
    await lookAfter(room, 2 * dayMs);
    expect(sent(server)).toHaveLength(2);
    await lookAfter(room, 0);
    await lookAfter(room, 60_000);
    expect(sent(server).map((each) => each.split(' ')[0])).toEqual(['alice@example.com', 'bob@example.com']);
    const [{ raw } = { raw: '' }] = server.received;
    expect(header(raw, 'Subject')).toMatch(/^Last day: /);
    expect(header(raw, 'Message-ID')).not.toBe(header(server.received[1]?.raw ?? '', 'Message-ID'));
    expect(partOf(raw, 'text/plain')).toMatch(/\d{4}-\d\d-\d\d 00:00 to \d{4}-\d\d-\d\d 00:00 UTC/);
    expect(partOf(raw, 'text/html')).toContain('<h2');
    await lookAfter(room, dayMs);
    expect(sent(server)).toHaveLength(4);
  });

  it('says in words what was deployed, as `bg report` does', async () => {
    const { server, room } = await setUp('[alice]');
    await lookAfter(room, 0);
    room.clock.jump(dayMs);
    room.happens({
      action: 'deployment-requested',
      code: 'deploy',
      target: 'production',
      deploymentId: 'd1',
      detail: { version: 'v2.1', slot: 'green', from: 'v2.0', hold: false },
    });
    room.ends({ id: 'd1', outcome: 'failed' });
    await lookAfter(room, dayMs);
    const text = partOf(server.received[0]?.raw ?? '', 'text/plain');
    const due = room.engine.reports.dueSummary(1);
    const report = due && (await room.engine.reports.of(due.request));
    if (!report?.ok) throw new Error('there is no report of the period');
    expect(report.value.figures.finished).toBe(1);
    const rows = figureRows(report.value.figures);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(text).toContain(`${row.label}: ${row.text}`);
    expect(header(server.received[0]?.raw ?? '', 'Subject')).toBe(`Last day: ${headlineOf(report.value)}`);
  });

  it('comes once where two processes send mail, and one of them ends in between', async () => {
    const { server, room } = await setUp();
    await lookAfter(room, 0);
    const other = openEngine({ settings: room.settings, log: silentLog, processName: 'other', clock: room.clock });
    const over = new AbortController();
    const notifying = other.notify(over.signal);
    try {
      room.clock.jump(2 * dayMs);
      const first = room.notify();
      await eventually(() => server.received.length >= 1);
      await first.stop();
      await eventually(() => server.received.length === 2 && other.outbox.waiting('mail') === 0);
      await aWhile();
    } finally {
      over.abort();
      await notifying;
      other.close();
    }
    expect(sent(server).map((each) => each.split(' ')[0])).toEqual(['alice@example.com', 'bob@example.com']);
  });

  it('is not put again where a process was killed after its messages and before its cursor', async () => {
    const { server, room } = await setUp();
    await lookAfter(room, 0);
    const before = cursor(room);
    await lookAfter(room, 2 * dayMs);
    expect(server.received).toHaveLength(2);
    room.engine.moveCursor('mail-summary-day', before);
    await lookAfter(room, 0);
    expect(cursor(room)).toBeGreaterThan(before);
    expect(server.received).toHaveLength(2);
  });

  it('of days without a process comes once, and says how many are missing', async () => {
    const { server, room } = await setUp('[alice]');
    await lookAfter(room, 0);
    await lookAfter(room, 4 * dayMs);
    expect(server.received).toHaveLength(1);
    expect(partOf(server.received[0]?.raw ?? '', 'text/plain')).toContain('There was no mail about the 3 days before');
  });

  it('is given up with an audit row where the server refuses it', async () => {
    const { server, room } = await setUp('[alice]', { toRecipient: () => answer(550, 'no such person') });
    await lookAfter(room, 0);
    await lookAfter(room, 2 * dayMs);
    expect(server.received).toEqual([]);
    const rows = room.engine.audit.after(0, 1_000).filter(({ action }) => action === 'mail-dropped');
    expect(rows).toMatchObject([{ code: 'summary', sentence: expect.stringContaining('Alice Adams was given up') }]);
  });
});

it('who gets it is checked with the file', () => {
  const room = openNewsroom({ notify: '{}' });
  opened.push(room);
  const file = join(room.folder, 'other.yaml');
  const load =
    (mail: string, notify = '{ mail: { host: 127.0.0.1, from: deploys@example.com } }') =>
    () => {
      writeFileSync(
        file,
        `state: state\npeople: [{ id: alice }]\nnotify: ${notify}\nsummary: { every: day, mail: ${mail} }\nservices: {}\n`,
      );
      return loadSettings({ file, environment: {} });
    };
  expect(load('[alicia]')).toThrow(/no person in people has the id "alicia"/);
  expect(load('[alice]', '{}')).toThrow(/there is no mail server/);
});
