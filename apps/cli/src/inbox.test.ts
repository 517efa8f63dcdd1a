// `bg inbox` as real processes on an inbox in which deliveries lie.

import { type Engine, inboxLease, loadSettings, openEngine, silentLog } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
let engine: Engine;

beforeAll(async () => {
  shell = await openShell();
  engine = openEngine({
    settings: loadSettings({ file: shell.config, environment: {} }),
    log: silentLog,
    processName: 'test',
  });
});
afterAll(async () => {
  engine.close();
  await shell.close();
});

async function deliver(delivery: string, body: string | Buffer): Promise<number> {
  const given = {
    hook: 'github',
    delivery,
    content: `signed ${delivery}`,
    kind: 'workflow_run',
    body: Buffer.from(body),
  };
  const taken = await engine.inbox.take(given);
  return taken.kind === 'full' ? 0 : taken.delivery.id;
}

async function parked(delivery: string, body: string | Buffer): Promise<string> {
  const id = await deliver(delivery, body);
  engine.inbox.settle(id, { state: 'parked', sentence: 'there is no service "shp"' });
  return String(id);
}

describe('bg inbox list', () => {
  it('says what an empty inbox is, and that no process works on it', async () => {
    const { code, out } = await shell.bg('inbox', 'list');
    expect([code, out]).toEqual([0, expect.stringContaining('no deliveries\n0 waiting, worked on by no process')]);
  });

  it('shows the newest first, by state where that is asked for, and never more than asked', async () => {
    const first = await parked('first', '{}');
    const second = await deliver('second', '{}');
    const all = await shell.bg('inbox', 'list');
    expect(all.out).toMatch(
      new RegExp(`^${second} .*waiting\\n${first} .*github +workflow_run +parked +there is no`, 'm'),
    );
    expect(all.out).toContain('1 waiting');
    const some = (await shell.bg('inbox', 'list', '--state', 'parked', '--json')).json();
    expect(some).toMatchObject({ waiting: 1, workedOnBy: null, deliveries: [{ id: Number(first), bytes: 2 }] });
    expect((await shell.bg('inbox', 'list', '--limit', '1', '--json')).json().deliveries).toHaveLength(1);
    engine.inbox.settle(second, { state: 'ignored', sentence: 'no rule wants it' });
  });
});

describe('bg inbox show', () => {
  it('formats the body and shows its result', async () => {
    const id = await parked('laid-out', '{"service":"shp","nested":{"list":[1,2]}}');
    const { code, out } = await shell.bg('inbox', 'show', id);
    expect(code).toBe(0);
    expect(out).toContain('  became       there is no service "shp"');
    expect(out).toMatch(/sender’s id +laid-out$/m);
    expect(out).toContain('{\n  "service": "shp",\n  "nested": {\n    "list": [\n      1,');
    const json = (await shell.bg('inbox', 'show', id, '--json')).json();
    expect(json).toMatchObject({
      state: 'parked',
      body: { encoding: 'utf8', text: '{"service":"shp","nested":{"list":[1,2]}}' },
    });
  });

  it('lets no body steer a terminal, and shows what was in it', async () => {
    const hostile = 'a\u001b[2Jb\u0007\u009b31m\u202ec\rd';
    for (const body of [hostile, JSON.stringify({ text: hostile })]) {
      const id = await parked(`hostile ${body.length}`, body);
      const { out } = await shell.bg('inbox', 'show', id);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(out).toContain('a\\u001b[2Jb');
      expect(out).toContain('\\u202ec');
    }
  });

  it('shows no more of it than asked, however long or deep it is, and what is no text in hex', async () => {
    const long = await parked('long', JSON.stringify(Array.from({ length: 5_000 }, (_, index) => index)));
    const some = await shell.bg('inbox', 'show', long, '--lines', '3');
    expect(some.out.split('\n').slice(-5)).toEqual(['[', '  0,', '  1,', '… and 4999 lines more: --lines 5002', '']);
    const deep = await parked('deep', '['.repeat(200_000) + ']'.repeat(200_000));
    expect((await shell.bg('inbox', 'show', deep)).out.length).toBeLessThan(2_000);
    const bytes = await parked('bytes', Buffer.from([0xff, 0xfe, 0x00]));
    expect((await shell.bg('inbox', 'show', bytes)).out).toContain('no text: fffe00');
    expect((await shell.bg('inbox', 'show', bytes, '--json')).json()).toMatchObject({
      body: { encoding: 'base64', text: '//4A' },
    });
  });

  it('says which delivery there is not, and what is no delivery', async () => {
    expect(await shell.bg('inbox', 'show', '9999')).toMatchObject({ code: 3, err: expect.stringContaining('9999') });
    expect(await shell.bg('inbox', 'show', 'v1.0')).toMatchObject({
      code: 2,
      err: expect.stringContaining('a number'),
    });
    expect(await shell.bg('inbox', 'list', '--state', 'lost')).toMatchObject({ code: 2 });
  });
});

describe('bg inbox replay', () => {
  it('refuses unauthenticated users', async () => {
    const id = await parked('strangers', '{}');
    expect((await shell.bg('inbox', 'replay', id, '--config', shell.unauthenticatedConfig)).code).toBe(3);
    expect(engine.inbox.show(Number(id))?.state).toBe('parked');
  });

  it('says that it waits and that no process works on it, and is refused while it waits', async () => {
    const id = await parked('nobody', '{}');
    const { code, out, err } = await shell.bg('inbox', 'replay', id);
    expect([code, out]).toEqual([0, expect.stringContaining('waiting')]);
    expect(err).toContain(`No process works on the inbox now, so delivery ${id} waits`);
    expect(await shell.bg('inbox', 'replay', id)).toMatchObject({
      code: 3,
      err: expect.stringContaining('waits already'),
    });
    const row = engine.audit.after(0, 1000).findLast(({ action }) => action === 'delivery-replayed');
    expect(row).toMatchObject({ actor: 'person:alice', sentence: expect.stringContaining('it was parked') });
  });

  it('with --follow ends when its time is over, and says that the delivery still waits', async () => {
    const id = await parked('late', '{}');
    const { code, err } = await shell.bg('inbox', 'replay', id, '--follow', '--for', '1s');
    expect([code, err]).toEqual([1, expect.stringContaining('It waits still')]);
  });

  it('with --follow names who works on it and shows what became of it', async () => {
    const [good, bad] = [await parked('good', '{}'), await parked('bad', '{}')];
    const over = new AbortController();
    const working = engine.withLease(inboxLease, over.signal, async (stop) => {
      while (!stop.aborted) {
        for (const { id } of engine.inbox.due(50))
          engine.inbox.settle(
            id,
            String(id) === bad ? { state: 'parked', sentence: 'no again' } : { state: 'done', sentence: 'yes now' },
          );
        await engine.changed(200, stop);
      }
    });
    while (engine.inbox.workedOnBy() === undefined) await engine.changed(100);
    const done = await shell.bg('inbox', 'replay', good, '--follow');
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('yes now') });
    expect(done.err).toContain(`Delivery ${good} is worked on by test (pid ${process.pid})`);
    const again = await shell.bg('inbox', 'replay', bad, '--follow', '--json');
    expect(again.code).toBe(1);
    expect(again.json()).toMatchObject({ id: Number(bad), state: 'parked', sentence: 'no again' });
    over.abort();
    await working;
  });
});
