// The summary of a period, from a real engine into its outbox: once, whatever the clock and the processes do.

import { type Clock, type Engine, openEngine, type Settings, silentLog, systemClock } from '@bg/engine';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alice, type Stage, setStage, value } from '../../../../test/support/stage.ts';
import { createSummaries } from './summaries.ts';

let stage: Stage;
let engines: Engine[];
let now: number;
beforeEach(async () => {
  stage = await setStage();
  engines = [];
  now = Date.parse('2026-11-25T12:00:00Z');
});
afterEach(async () => {
  for (const engine of engines) engine.close();
  await stage.strike();
});

const hourMs = 3_600_000;
const clock: Clock = { ...systemClock, now: () => now };
const weekly = { every: 'week', at: '09:00', zone: 'Europe/Berlin', channel: undefined } as const;

function open(summary: Settings['report']['summary'] = weekly): Engine {
  const settings = { ...stage.settings, report: { ...stage.settings.report, summary } };
  const engine = openEngine({ settings, log: silentLog, processName: 'test', clock });
  engines.push(engine);
  return engine;
}

/** A process begins, looks, and ends. */
async function look(engine: Engine): Promise<void> {
  const summaries = createSummaries({ engine, clock, log: silentLog }, new AbortController().signal);
  summaries.look();
  await summaries.ended();
}

const posted = (engine: Engine) => engine.outbox.due('slack', 100).filter(({ kind }) => kind === 'summary');
const monday = Date.parse('2026-11-30T08:00:00Z');

test('nothing when summaries are switched on; then each week once, whatever looks again', async () => {
  const engine = open();
  await look(engine);
  now = monday - 1;
  await look(engine);
  expect(posted(engine)).toEqual([]);
  now = monday;
  for (let again = 0; again < 3; again += 1) await look(again === 1 ? open() : engine);
  expect(posted(engine)).toMatchObject([{ version: 1, payload: { channel: '#deploys', every: 'week', missed: 0 } }]);
  now = monday + 7 * 24 * hourMs;
  await look(engine);
  expect(posted(engine)).toHaveLength(2);
});

test('a clock that jumps back and forth posts no period twice', async () => {
  const engine = open();
  await look(engine);
  for (const at of [monday, monday - hourMs, monday + hourMs, monday - 8 * 24 * hourMs, monday + 2 * hourMs]) {
    now = at;
    await look(engine);
  }
  expect(posted(engine)).toMatchObject([
    { version: 1, payload: { period: { local: { since: '2026-11-23 00:00 Europe/Berlin' } } } },
  ]);
  now = monday + 7 * 24 * hourMs;
  await look(engine);
  expect(posted(engine)).toHaveLength(2);
});

test('weeks without a bot are posted once, late, and it says how many there were', async () => {
  const engine = open();
  await look(engine);
  now = monday + 3 * 7 * 24 * hourMs + 5 * hourMs;
  await look(engine);
  expect(posted(engine)).toMatchObject([{ payload: { missed: 3 } }]);
});

test('of two processes at once, the one that has the lease posts it', async () => {
  const both = [open(), open()];
  await look(both[0] as Engine);
  now = monday;
  const over = new AbortController();
  const work = both.map((engine) =>
    engine.withLease('slack', over.signal, async (held) => {
      const summaries = createSummaries({ engine, clock, log: silentLog }, held);
      summaries.look();
      await summaries.ended();
    }),
  );
  const end = Date.now() + 60_000;
  while (posted(both[0] as Engine).length === 0 && Date.now() < end) await new Promise((wake) => setTimeout(wake, 20));
  over.abort();
  await Promise.allSettled(work);
  expect(posted(both[1] as Engine)).toMatchObject([{ version: 1 }]);
});

test('it has the figures of its period, and goes to the configured channel', async () => {
  const engine = open({ ...weekly, every: 'day', channel: '#releases' });
  await look(engine);
  value(engine.deploy({ version: 'v1.0', actor: alice }));
  now += 24 * hourMs;
  await look(engine);
  const [message] = posted(engine);
  expect(message?.payload).toMatchObject({
    channel: '#releases',
    every: 'day',
    period: { local: { since: '2026-11-25 00:00 Europe/Berlin', until: '2026-11-26 00:00 Europe/Berlin' } },
    figures: { deployments: 0, finished: 0 },
  });
});

test('it is off by default', async () => {
  expect(stage.settings.report.summary).toBeUndefined();
  const engine = openEngine({ settings: stage.settings, log: silentLog, processName: 'test', clock });
  engines.push(engine);
  await look(engine);
  now = monday;
  await look(engine);
  expect(posted(engine)).toEqual([]);
});
