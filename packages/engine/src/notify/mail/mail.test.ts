// Mail to a real mail server: what arrives, to whom, and how often.

import { afterEach, describe, expect, it } from 'vitest';
import { header, type MailServer, type Manners, partOf, startMailServer } from '../testing/mail-server.ts';
import { aWhile, buildDetail, eventually, type Newsroom, openNewsroom } from '../testing/news.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

interface Setting extends Manners {
  readonly mail?: string;
  readonly reported?: string;
  readonly more?: string;
}

async function setUp({ mail = '', reported, more = '', ...manners }: Setting = {}): Promise<{
  server: MailServer;
  room: Newsroom;
}> {
  const server = await startMailServer(manners);
  opened.push(server);
  const notify = `{ mail: { host: 127.0.0.1, port: ${server.port}, tls: none, from: deploys@example.com${mail} }${more} }`;
  const room = openNewsroom({ notify, ...(reported === undefined ? {} : { reported }) });
  opened.push(room);
  return { server, room };
}

const subjects = ({ received }: MailServer) => received.map(({ raw }) => header(raw, 'Subject'));

describe('a mail', () => {
  it('has both parts, escaped, the headers of a machine, and a link to look at', async () => {
    const { server, room } = await setUp({ more: ', workspace: "https://example.slack.com/"' });
    room.engine.outbox.put({ key: 'card:d1', transport: 'slack', kind: 'card', payload: {} });
    room.engine.outbox.sent('card:d1', 1, { channel: 'C0DEPLOYS', ts: '1772892300.000100' });
    room.ends({ id: 'd1', outcome: 'failed', sentence: 'the <b>smoke</b> test failed', reason: '"sale" <today>' });
    room.notify();
    await eventually(() => server.received.length === 1);
    const [{ raw, to, from } = { raw: '', to: [], from: '' }] = server.received;
    expect([from, to]).toEqual(['deploys@example.com', ['alice@example.com']]);
    expect(header(raw, 'From')).toBe('Deployments <deploys@example.com>');
    expect(header(raw, 'To')).toBe('Alice Adams <alice@example.com>');
    expect(header(raw, 'Subject')).toBe('shop: v2.1 failed');
    expect(header(raw, 'Auto-Submitted')).toBe('auto-generated');
    expect(header(raw, 'Message-ID')).toMatch(/^<[0-9a-f]{40}@example\.com>$/);
    expect(header(raw, 'Content-Type')).toContain('multipart/alternative');
    const text = partOf(raw, 'text/plain');
    expect(text).toContain('the <b>smoke</b> test failed');
    expect(text).toContain('Reason: "sale" <today>');
    expect(text).toContain('The card in Slack: https://example.slack.com/archives/C0DEPLOYS/p1772892300000100');
    const html = partOf(raw, 'text/html');
    expect(html).toContain('the &lt;b&gt;smoke&lt;/b&gt; test failed');
    expect(html).toContain('&quot;sale&quot; &lt;today&gt;');
    expect(html).toContain('<a href="https://example.slack.com/archives/C0DEPLOYS/p1772892300000100">');
    expect(html).not.toContain('<b>smoke');
  });

  it('takes no header and no recipient from a text', async () => {
    const { server, room } = await setUp({ reported: '{ developers: [bob] }' });
    const evil = 'main\r\nBcc: eve@evil.example\r\n\r\n<script>';
    const detail = {
      ...buildDetail,
      branch: evil,
      url: 'javascript:alert(1)',
      authors: [{ name: evil, email: 'x@evil.example>,<eve@evil.example', login: undefined }],
    };
    room.happens({ action: 'build-failed', detail, sentence: evil });
    room.notify();
    await eventually(() => server.received.length === 1);
    const [{ raw, to } = { raw: '', to: [] }] = server.received;
    expect(to).toEqual(['bob@example.com']);
    expect(header(raw, 'Bcc')).toBeUndefined();
    expect(header(raw, 'Subject')).toContain('main Bcc: eve@evil.example <script>');
    expect(raw).not.toContain('javascript:');
    expect(partOf(raw, 'text/html')).not.toContain('<script>');
  });
});

describe('who is notified', () => {
  it('of a broken build and of the fixed one: author and developers, each once', async () => {
    const { server, room } = await setUp({ reported: '{ developers: [alice, bob] }' });
    room.happens({ action: 'build-failed', detail: buildDetail, sentence: 'the build of v2.1 failed' });
    room.happens({ action: 'build-mended', detail: buildDetail, sentence: 'main builds again' });
    room.notify();
    await eventually(() => server.received.length === 4);
    await aWhile();
    expect(server.received.map(({ raw, to }) => `${to.join()} ${header(raw, 'Subject')}`).sort()).toEqual([
      'alice@example.com shop: the build is broken on main',
      'alice@example.com shop: the build is fixed on main',
      'bob@example.com shop: the build is broken on main',
      'bob@example.com shop: the build is fixed on main',
    ]);
  });

  it('authors from outside only at a domain that is trusted', async () => {
    const { server, room } = await setUp({ mail: ', authorDomains: [example.org]' });
    const authors = [
      'dan@example.org',
      'eve@evil.example',
      'dan@evil.example.org',
      'DAN@EXAMPLE.ORG',
      '"a b"@example.org',
    ];
    const detail = { ...buildDetail, authors: authors.map((email) => ({ email, name: undefined, login: undefined })) };
    room.happens({ action: 'build-failed', detail });
    room.notify();
    await eventually(() => server.received.length === 1);
    await aWhile();
    expect(server.received.map(({ to }) => to)).toEqual([['dan@example.org']]);
  });

  it('of an ending reads the head of the audit log in it, whole', async () => {
    const { server, room } = await setUp({ reported: '{ developers: [bob], mail: { live: [developers] } }' });
    room.ends({ id: 'd1', outcome: 'promoted' });
    room.notify();
    await eventually(() => server.received.length === 1);
    const row = room.engine.audit.after(0, 1_000).find(({ action }) => action === 'deployment-finished');
    expect(row?.hash).toMatch(/^[0-9a-f]{64}$/);
    const raw = server.received[0]?.raw ?? '';
    for (const type of ['text/plain', 'text/html']) {
      expect(partOf(raw, type)).toContain('Audit head');
      expect(partOf(raw, type)).toContain(`${row?.seq}:${row?.hash}`);
    }
  });

  it('of every ending, as configured', async () => {
    const reported = '{ developers: [carol], productManagers: [bob], mail: { live: [productManagers] } }';
    const { server, room } = await setUp({ reported });
    room.ends({ id: 'd1', outcome: 'promoted' });
    room.ends({ id: 'd2', outcome: 'halted' });
    room.ends({ id: 'd3', outcome: 'rolled-back' });
    room.ends({ id: 'd4', outcome: 'promoted', mode: 'rollback', version: 'v1.9' });
    room.ends({ id: 'd5', outcome: 'aborted', actor: 'person:alice' });
    room.ends({ id: 'd6', outcome: 'cancelled' });
    room.happens({ action: 'side-restored', target: 'production', detail: { slot: 'green', version: 'v2.0' } });
    room.notify();
    await eventually(() => server.received.length >= 13);
    await aWhile();
    expect(server.received.map(({ raw, to }) => `${header(raw, 'Subject')} → ${to.join()}`).sort()).toEqual(
      [
        'shop: v2.1 is live → bob@example.com',
        ...['alice', 'bob', 'carol'].map((who) => `shop: v2.1 halted and needs a person → ${who}@example.com`),
        ...['alice', 'bob', 'carol'].map((who) => `shop: v2.1 was rolled back to v2.0 → ${who}@example.com`),
        ...['alice', 'bob', 'carol'].map((who) => `shop: rolled back from v2.0 to v1.9 → ${who}@example.com`),
        'shop: v2.1 was given up → carol@example.com',
        ...['alice', 'carol'].map((who) => `shop: the failed side is back on v2.0 → ${who}@example.com`),
      ].sort(),
    );
  });
});

describe('an approval by one person alone in an emergency', () => {
  const breakGlass = (room: Newsroom, id: string) => {
    room.begins(id);
    const sentence =
      'carol approves v2.1 alone in an emergency (break-glass), 2 approvals were asked for: checkout <down>';
    const detail = { reason: 'checkout <down>', needed: 2 };
    const about = { actor: 'person:carol', target: 'production', deploymentId: id, sentence };
    room.happens({ action: 'glass-broken', detail, ...about });
  };

  it('is reported to the other approvers and the product managers, once, with its reason', async () => {
    const { server, room } = await setUp({ reported: '{ productManagers: [alice, carol] }' });
    breakGlass(room, 'd1');
    room.notify();
    room.notify();
    await eventually(() => server.received.length === 2);
    await aWhile();
    expect(server.received.map(({ to }) => to.join()).sort()).toEqual(['alice@example.com', 'bob@example.com']);
    const raw = server.received[0]?.raw ?? '';
    expect(header(raw, 'Subject')).toBe('shop: v2.1 was approved by one person alone in an emergency');
    expect(partOf(raw, 'text/plain')).toContain('2 approvals were asked for: checkout <down>');
    expect(partOf(raw, 'text/plain')).toMatch(/Approved alone by: [Cc]arol/);
    expect(partOf(raw, 'text/html')).toContain('checkout &lt;down&gt;');
  });

  it('goes out at once however many mails came before, and only to whom the configuration names', async () => {
    const reported = '{ developers: [alice], productManagers: [bob], mail: { breakGlass: [developers] } }';
    const { server, room } = await setUp({ reported, mail: ', digest: { after: 1, within: 1h }' });
    for (const id of ['f1', 'f2', 'f3']) room.ends({ id, outcome: 'failed' });
    breakGlass(room, 'd1');
    room.notify();
    await eventually(() => subjects(server).some((one) => one?.includes('alone in an emergency')));
    await aWhile();
    const about = server.received.filter(({ raw }) => header(raw, 'Subject')?.includes('alone in an emergency'));
    expect(about.map(({ to }) => to.join())).toEqual(['alice@example.com']);
  });
});

describe('many facts at once', () => {
  it('are reported in one mail beyond what the configuration allows, except urgent ones', async () => {
    const { server, room } = await setUp({ mail: ', digest: { after: 2, within: 1h }' });
    const notifying = room.notify();
    for (let number = 1; number <= 5; number += 1)
      room.ends({ id: `f${number}`, outcome: 'failed', version: `v${number}` });
    room.ends({ id: 'h1', outcome: 'halted', version: 'v9' });
    await eventually(() => subjects(server).filter((one) => one?.includes('halted')).length === 2);
    await eventually(() => server.received.length === 4);
    await aWhile();
    expect(subjects(server).filter((one) => one?.includes('failed'))).toEqual(['shop: v1 failed', 'shop: v2 failed']);
    // The digest survives the process that began it.
    await notifying.stop();
    room.clock.advance(3_600_000);
    room.notify();
    await eventually(() => server.received.length === 5);
    const raw = server.received.at(-1)?.raw ?? '';
    expect(header(raw, 'Subject')).toBe('3 things happened: shop/production');
    for (const version of ['v3', 'v4', 'v5']) expect(partOf(raw, 'text/plain')).toContain(`shop: ${version} failed`);
    await aWhile();
    expect(server.received).toHaveLength(5);
  });
});
