// The controller's part: a calendar behind a real HTTP server, and the warning before a freeze begins.

import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { refreshCalendars, refreshMs, watchCalendar } from './watch.ts';

const calendar = (from: string, to: string): string =>
  `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:inventory\r\nDTSTART:${from}\r\nDTEND:${to}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;

let server: Server;
let answer: { status: number; body: string };
let asked: number;
let flow: Flow;

beforeEach(async () => {
  asked = 0;
  answer = { status: 200, body: calendar('20260105T093000Z', '20260105T120000Z') };
  server = createServer((_, response) => {
    asked += 1;
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  flow = await startFlow({
    options: `
    canary: []
    bake: 5s
    freezes: [{ name: company, zone: UTC, calendar: "http://127.0.0.1:${port}/private-secret-key/basic.ics" }]`,
  });
});
afterEach(async () => {
  server.close();
  await flow.close();
});

const refresh = () => refreshCalendars(flow.process().core, flow.process().lease(), new AbortController().signal);
const refusal = () => {
  const result = flow.people.deploy({ version: 'v1', actor: alice });
  return result.ok ? 'ok' : result.refusal.sentence;
};

it('refuses while no copy was read, then uses the last good copy and says how old it is', async () => {
  expect(refusal()).toMatch(/the calendar of the freeze company is not known: http:\S+ has not been read yet/);
  await refresh();
  flow.clock.jump(45 * 60_000);
  expect(refusal()).toBe('shop is frozen: the freeze company lasts until 2026-01-05 12:00 UTC');
  answer = { status: 500, body: 'broken' };
  await refresh();
  await refresh();
  expect(asked).toBe(2);
  expect(refusal()).toContain('lasts until 2026-01-05 12:00 UTC');
  expect(flow.people.status().warnings).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /^the calendar of the freeze company of shop \(http:\S+\) cannot be read; its copy is 45 min/,
      ),
    ]),
  );
  answer = { status: 200, body: '<html>sign in</html>' };
  flow.clock.jump(refreshMs);
  await refresh();
  expect(asked).toBe(3);
  expect(refusal()).toContain('lasts until 2026-01-05 12:00 UTC');
  answer = { status: 200, body: calendar('20260105T093000Z', '20260105T140000Z') };
  flow.clock.jump(refreshMs);
  await refresh();
  expect(refusal()).toContain('lasts until 2026-01-05 14:00 UTC');
  const rows = flow.actions().filter((action) => action.startsWith('calendar-'));
  expect(rows).toEqual(['calendar-failed', 'calendar-read']);
  expect(flow.story().join('\n')).not.toContain('private-secret-key');
});

it('does not take a calendar that is too large', async () => {
  answer = { status: 200, body: `${calendar('20260105T093000Z', '20260105T120000Z')}${'X'.repeat(1 << 20)}` };
  await refresh();
  expect(flow.story().at(-1)).toContain('is larger than 1048576 bytes; there is no earlier copy');
});

it('warns once, at most 15 minutes ahead, also when another process takes over', async () => {
  const near = () => flow.story().filter((row) => row.startsWith('freeze-near'));
  const watching = async (isSo: () => boolean) => {
    const over = new AbortController();
    const watch = watchCalendar(flow.process().core, flow.process().lease(), over.signal);
    const until = performance.now() + 20_000;
    while (!isSo() && performance.now() < until) await delay(10);
    over.abort();
    await watch;
    expect(isSo()).toBe(true);
  };
  await watching(() => asked === 1);
  expect(near()).toEqual([]);
  flow.clock.jump(20 * 60_000);
  await watching(() => near().length === 1);
  expect(near()).toEqual([
    'freeze-near: the freeze company (inventory) of shop begins in 10 min, at 2026-01-05 09:30 UTC, and lasts until 2026-01-05 12:00 UTC: what must be live before it is to be begun now',
  ]);
  expect(flow.people.target({})).toMatchObject({ value: { freeze: { state: 'near' } } });
  flow.restart();
  flow.clock.jump(refreshMs - 6 * 60_000);
  await watching(() => flow.people.target({}).ok);
  expect(near()).toHaveLength(1);
});
