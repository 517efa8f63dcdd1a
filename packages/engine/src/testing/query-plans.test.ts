// Every question of the hot path is answered by an index: what it costs does not grow with the history of the state.

import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { buildBody, deliver, deployToProduction, setCi } from '../builds/testing/ci.ts';
import { pruneReleases } from '../orchestrator/releases/prune.ts';
import { alice as tester } from '../orchestrator/verbs/testing/test-engine.ts';
import { archiveRows } from '../state/archive/archive.ts';
import { sweepPage } from '../state/audit-sweep.ts';
import { createInbox } from '../state/inbox.ts';
import { createOutbox } from '../state/outbox.ts';
import { movableClock, setState, type TestState } from '../state/testing/state.ts';
import { alice, bob, startFlow } from './flow.ts';
import {
  type GrowingQuestion,
  growingQuestions,
  questionsOfTriggers,
  type Recording,
  recordStatements,
} from './query-plans.ts';
import { startSchemaFlow } from './schema-flow.ts';

let recording: Recording | undefined;
let state: TestState | undefined;
afterEach(() => {
  recording?.stop();
  state?.remove();
  state = undefined;
});

/** Each with the reason for which it may be asked. */
const allowed: readonly (readonly [statement: RegExp, because: string])[] = [
  [/^select "from_version", "promoted_at" from "deployments"/, 'only of those within `rollbackFor`'],
  [/^DELETE FROM inbox WHERE id IN \(/, 'a thousand at a time, and those that wait are at most 50,000'],
  [
    /^SELECT max\(id\) AS id FROM \(\s+SELECT id FROM \(\s+SELECT id, row_number/,
    'only of bodies, at most 10,000 of a kind',
  ],
  [/^delete from "outbox" where .*"created_at" < \?/, 'only of those that became too old since the last time'],
  [/^delete from "seen" where "seen"."expires_at" < \?/, 'only of those that expired since the last time'],
  // An archive takes 20,000 rows at most, in pages.
  [/^select "seq" from "audit" where .* and \+"audit"."at" >= \?/, 'only within one archive'],
  [/^select "seq", "at", .* from "audit" where \("audit"."seq" > \? and "audit"."seq" <= \?\)/, '200 rows at a time'],
  [/UNION SELECT "audit"."seq" AS seq, "audit"."hash" AS hash/, 'only within one archive'],
  [/^delete from "(heads|audit)" where \("\1"."seq" > \? and "\1"."seq" <= \?/, '100 rows at a time'],
];

function growingOf(statements: Iterable<string>): readonly string[] {
  state ??= setState();
  const isAllowed = ({ statement }: GrowingQuestion) => allowed.some(([pattern]) => pattern.test(statement));
  return growingQuestions(state.db.$client, statements)
    .filter((question) => !isAllowed(question))
    .map(({ table, statement, plan }) => `${table}: ${statement} (${plan})`);
}

async function asked(work: () => Promise<void>): Promise<ReadonlySet<string>> {
  recording = recordStatements();
  await work();
  recording.stop();
  return recording.statements;
}

describe('what is asked of the state', () => {
  it('by deployments with people, a rollback, and everything that is shown of them', async () => {
    const flow = await startFlow({
      options: `
    canary: [{ percent: 10, watch: 5s }, { percent: 50, approval: true }]
    bake: 5s`,
    });
    const { people, process } = flow;
    const target = { service: 'shop', target: 'production' };
    const statements = await asked(async () => {
      for (const version of ['v1', 'v2', 'v3']) await flow.finishWithPeople(flow.ask(version));
      people.lock({ ...target, actor: bob, reason: 'a test' });
      people.deploy({ ...target, version: 'v2', actor: alice });
      people.unlock({ ...target, actor: bob });
      const back = people.rollback({ ...target, actor: alice });
      if (back.ok) await flow.finish(back.value.id);
      people.deploy({ ...target, version: 'v9', actor: alice });
      await people.plan({ ...target, version: 'v3', actor: alice });
      people.status();
      people.target(target);
      people.history(target, 50);
      people.releases(target);
      people.audit.after(0, 200);
      people.audit.verifySinceLast();
      people.audit.publishHead('a test');
      people.audit.verifySinceLast();
      people.audit.shipped();
      people.cursor('bot');
      people.moveCursor('bot', 7);
      people.firstTime('a key', 1_000);
      people.countUnauthenticated('webhook', { source: '192.0.2.1', count: 2 });
      people.storedReleases.list({});
      const { core } = process();
      await pruneReleases({ core, store: core.store, actor: 'engine', service: 'shop', atMost: 5 });
    });
    await flow.close();
    expect(statements.size).toBeGreaterThan(60);
    expect(growingOf(statements)).toEqual([]);
  });

  it('by deployments with a database', async () => {
    const flow = await startSchemaFlow();
    const statements = await asked(async () => {
      for (const version of ['v1', 'v2']) await flow.finish(flow.ask(version));
      flow.people.status();
    });
    await flow.close();
    expect(growingOf(statements)).toEqual([]);
  });

  it('by builds that are announced, and what is shown of them', async () => {
    const ci = setCi(deployToProduction);
    ci.serving('v2.0');
    const statements = await asked(async () => {
      for (const digit of [1, 2]) await deliver(ci.engine, buildBody(`v3.${digit}`, digit));
      ci.engine.builds.latest('shop', 20);
      ci.engine.builds.ofVersion('shop', 'v3.1');
      ci.engine.storedReleases.list({});
      await ci.engine.storedReleases.prune({ actor: tester, dryRun: false });
    });
    ci.remove();
    expect(growingOf(statements)).toEqual([]);
  });

  it('by deliveries, and by messages', async () => {
    const statements = await asked(async () => {
      state = setState();
      const inbox = createInbox(state.store);
      const named = (delivery: string) => ({
        hook: 'github',
        delivery,
        content: delivery,
        kind: '',
        body: Buffer.alloc(9),
      });
      for (const name of ['one', 'two', 'one']) await inbox.take(named(name));
      for (const { id } of inbox.due(10)) inbox.settle(id, { state: 'done', sentence: 'a build' });
      inbox.retry(2, 1_000, 'later');
      inbox.waiting();
      inbox.list({ limit: 20 });
      const outbox = createOutbox(state.store);
      outbox.put({ key: 'card:1', transport: 'slack', kind: 'card', payload: {} });
      for (const { key, version } of outbox.due('slack', 10)) outbox.sent(key, version, { ts: '1' });
      outbox.again('card:1');
      outbox.unfinished('slack', 100);
      outbox.stuck('slack', 100);
      outbox.waiting('slack');
    });
    expect(growingOf(statements)).toEqual([]);
  });

  it('by an archive of old rows, and what verifies it', async () => {
    const clock = movableClock();
    const { store, db, folder, remove } = setState({ clock });
    store.write((tx) => {
      for (let row = 1; row <= 300; row += 1) tx.audit({ actor: 'engine', action: 'resumed', sentence: `row ${row}` });
    });
    clock.advance(60 * 86_400_000);
    const run = { store, folder: join(folder, 'archive'), actor: 'engine', before: clock.now(), through: 200 };
    const statements = await asked(async () => {
      await archiveRows(run);
      for (let page = 1; page <= 3; page += 1) sweepPage(db, clock.now(), 100);
    });
    remove();
    expect(statements.size).toBeGreaterThan(20);
    expect(growingOf(statements)).toEqual([]);
  });
});

it('is answered by an index in triggers too, which the plan of a statement does not show', () => {
  state = setState();
  const { $client: client } = state.db;
  const asked = questionsOfTriggers(client);
  expect(asked.length).toBeGreaterThan(15);
  expect(growingOf(asked)).toEqual([]);
  client.exec(`CREATE TRIGGER slow BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE sentence = new.sentence) BEGIN SELECT raise(abort, 'no'); END`);
  expect(growingOf(questionsOfTriggers(client))).toEqual([expect.stringContaining('audit: SELECT 1')]);
});

describe('the judgement of a plan', () => {
  it.each([
    ['SELECT * FROM audit WHERE sentence = ? ORDER BY seq DESC LIMIT 1', true],
    ['SELECT * FROM audit WHERE deployment_id = ?', false],
    ['SELECT count(*) FROM deployments', true],
    ['SELECT * FROM audit ORDER BY seq DESC LIMIT 1', false],
    ['SELECT max(seq) FROM audit', false],
    ['SELECT * FROM audit WHERE seq > ?', true],
    ['SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT 100', false],
    [
      'SELECT * FROM deployments WHERE service = ? AND target = ? AND outcome = ? ORDER BY requested_at DESC LIMIT 9',
      true,
    ],
    ['SELECT * FROM deployments WHERE service = ? AND target = ? ORDER BY requested_at DESC LIMIT 9', false],
    ['SELECT * FROM deployments WHERE service = ? AND target = ? ORDER BY finished_at DESC LIMIT 9', true],
    ['SELECT * FROM deployments WHERE finished_at IS NULL', false],
    ['DELETE FROM outbox WHERE problem = ?', true],
    ['SELECT * FROM builds WHERE host = ? ORDER BY id DESC LIMIT 1', true],
  ])('%s: grows %s', (statement, grows) => {
    state = setState();
    expect(growingQuestions(state.db.$client, [statement]).length > 0).toBe(grows);
  });
});
