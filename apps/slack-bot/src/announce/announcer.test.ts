// From the audit log to the outbox, with a real engine and no Slack at all.

import {
  type AuditRow,
  type Clock,
  type Engine,
  type OutboxMessage,
  openEngine,
  silentLog,
  systemClock,
} from '@bg/engine';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditEvents } from '../../../../packages/engine/src/domain/audit-events.ts';
import { alice, type Stage, setStage, value } from '../../../../test/support/stage.ts';
import { runAnnouncer } from './announcer.ts';

let stage: Stage;
let engine: Engine;
beforeEach(async () => {
  stage = await setStage();
  engine = openEngine({ settings: stage.settings, log: silentLog, processName: 'test' });
});
afterEach(async () => {
  engine.close();
  await stage.strike();
});

const dayMs = 86_400_000;
const later = (ms: number): Clock => ({ ...systemClock, now: () => Date.now() + ms });
const kinds = (): readonly string[] => engine.outbox.due('slack', 100).map(({ kind }) => kind);
const keys = (): readonly string[] => engine.outbox.due('slack', 100).map(({ key }) => key);

/** Lets the announcer read everything there is. */
async function announce(clock: Clock = systemClock, through: Engine = engine): Promise<void> {
  const over = new AbortController();
  const running = runAnnouncer({ engine: through, clock, log: silentLog }, over.signal);
  const end = Date.now() + 60_000;
  while (engine.audit.after(engine.cursor('slack'), 1).length > 0) {
    if (Date.now() > end) throw new Error('never read to the end');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  over.abort();
  await running;
}

const deploy = () => value(engine.deploy({ version: 'v1.0', actor: alice }));

test('one card per deployment, whatever happens to it, and one line per decision', async () => {
  const { id } = deploy();
  value(engine.pause({ id }, alice));
  value(engine.resume({ id }, alice));
  await announce();
  expect(keys().filter((key) => key.startsWith('card:'))).toEqual([`card:${id}`]);
  expect(kinds().filter((kind) => kind === 'line')).toHaveLength(2);
});

test('a card is drawn again when time alone changes what people may do', async () => {
  const { id } = deploy();
  await announce();
  const sent = () => {
    for (const { key, version } of engine.outbox.due('slack', 100))
      engine.outbox.sent(key, version, { channel: 'C1', ts: '1.0' });
  };
  sent();
  let [aheadMs, looks] = [0, 0];
  // As it is when a deadline passes, and no row of the log says so yet.
  const status: Engine['status'] = () => {
    looks += 1;
    const now = engine.status();
    const without = (live: (typeof now.targets)[number]['live']) =>
      looks === 1 || !live ? live : { ...live, actions: live.actions.filter(({ name }) => name !== 'pause') };
    return { ...now, targets: now.targets.map((each) => ({ ...each, live: without(each.live) })) };
  };
  const over = new AbortController();
  const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };
  const running = runAnnouncer({ engine: { ...engine, status }, clock, log: silentLog }, over.signal);
  await expect.poll(() => looks, { timeout: 30_000 }).toBe(1);
  // Once at the start of a bot, whatever has changed.
  await expect.poll(keys, { timeout: 30_000 }).toContain(`card:${id}`);
  sent();
  expect(keys()).not.toContain(`card:${id}`);
  aheadMs = 10_000;
  await expect.poll(keys, { timeout: 30_000 }).toContain(`card:${id}`);
  over.abort();
  await running;
});

test('a log that is read twice says nothing twice', async () => {
  deploy();
  await announce();
  for (const { key, version } of engine.outbox.due('slack', 100))
    engine.outbox.sent(key, version, { channel: 'C1', ts: '1.0' });
  engine.moveCursor('slack', 0);
  await announce();
  expect(kinds().filter((kind) => kind !== 'card')).toEqual([]);
});

test('what happened while the bot did not listen for hours is no news, but the card is still right', async () => {
  const { id } = deploy();
  await announce(later(3 * 3_600_000));
  expect(keys()).toEqual([`card:${id}`]);
  engine.outbox.drop(`card:${id}`, (engine.outbox.due('slack', 1)[0] as OutboxMessage).version, 'for the test');
  engine.moveCursor('slack', 0);
  await announce(later(3 * dayMs));
  expect(kinds().filter((kind) => kind !== 'head')).toEqual([]);
});

test('rows that are too old to be drawn are passed over with one move of the cursor', async () => {
  const { id } = deploy();
  for (const verb of ['pause', 'resume', 'pause'] as const) value(engine[verb]({ id }, alice));
  const moves: number[] = [];
  const moveCursor = (consumer: string, seq: number): void => {
    if (consumer === 'slack') moves.push(seq);
    engine.moveCursor(consumer, seq);
  };
  const [last] = engine.audit.after(0, 100).toReversed();
  await announce(later(3 * dayMs), { ...engine, moveCursor });
  expect(moves).toEqual([last?.seq]);
});

test('a refusal is between the person and the bot: no line, no note', async () => {
  engine.rollback({ actor: alice });
  await announce();
  expect(keys()).toEqual([]);
});

test('rows of older versions, without details or of an action that is written no longer, stop nothing', async () => {
  const { id } = deploy();
  const lacking = { at: Date.now(), actor: 'engine', service: 'shop', target: 'production', code: null, detail: {} };
  const rows = ['quarantined', ...Object.keys(auditEvents)].map(
    (action, index): AuditRow => ({
      ...{ ...lacking, seq: index + 1, action, sentence: `it was ${action}`, hash: 'h' },
      deploymentId: id,
    }),
  );
  const after = (seq: number, limit: number) => rows.filter((row) => row.seq > seq).slice(0, limit);
  const problems: unknown[] = [];
  const log = { ...silentLog, error: (...said: readonly unknown[]) => void problems.push(said) };
  const over = new AbortController();
  const old: Engine = { ...engine, audit: { ...engine.audit, after, publishHead: () => undefined } };
  const running = runAnnouncer({ engine: old, clock: systemClock, log }, over.signal);
  const end = Date.now() + 60_000;
  while (engine.cursor('slack') < rows.length && Date.now() < end) await new Promise((wake) => setTimeout(wake, 10));
  over.abort();
  await running;
  expect(problems).toEqual([]);
  expect(engine.cursor('slack')).toBe(rows.length);
  expect(keys()).toContain(`line:${rows.findIndex(({ action }) => action === 'paused') + 1}`);
});

test('a lock is news for the channel', async () => {
  value(engine.lock({ actor: alice, reason: 'quiet day' }));
  await announce();
  expect(engine.outbox.due('slack', 10)).toMatchObject([
    { kind: 'note', payload: { channel: '#deploys', name: 'shop' } },
  ]);
});

test('the head of the audit chain is shown once a day, and verified against it', async () => {
  deploy();
  await announce();
  expect(kinds()).not.toContain('head');
  await announce(later(dayMs));
  const [head] = engine.outbox.due('slack', 100).filter(({ kind }) => kind === 'head');
  expect(head?.payload).toMatchObject({ seq: 1, channel: '#deploys' });
  await announce(later(dayMs));
  expect(kinds().filter((kind) => kind === 'head')).toHaveLength(1);
  expect(engine.audit.verify()).toMatchObject({ intact: true, publishedHead: 1 });
});
