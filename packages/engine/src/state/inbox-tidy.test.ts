// What the inbox deletes and what it must retain, and that it migrates an inbox of an earlier version.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Inbox, Settlement } from '../domain/inbox.ts';
import { systemClock } from '../lib/clock.ts';
import { openDatabase } from './database.ts';
import { readMigrationFiles } from './drizzle.ts';
import { createInbox } from './inbox.ts';
import { type InboxLimits, inboxLimits } from './inbox-taking.ts';
import { createStore } from './store.ts';
import { movableClock, setState, type TestState } from './testing/state.ts';

const clock = movableClock();
let state: TestState;

beforeEach(() => {
  state = setState({ clock });
});
afterEach(() => state.remove());

const delivery = (name: string, bytes = 10) => ({
  hook: 'github',
  delivery: name,
  content: `content of ${name}`,
  kind: 'workflow_run',
  body: Buffer.alloc(bytes, 1),
});
const names = (prefix: string, number: number) => Array.from({ length: number }, (_, index) => `${prefix} ${index}`);

async function takeAll(inbox: Inbox, given: readonly string[], bytes?: number): Promise<readonly number[]> {
  const taken = await Promise.all(given.map((name) => inbox.take(delivery(name, bytes))));
  return taken.map((each) => (each.kind === 'full' ? 0 : each.delivery.id));
}

async function settled(inbox: Inbox, given: readonly string[], as: Settlement['state'], bytes?: number) {
  const ids = await takeAll(inbox, given, bytes);
  if (as === 'ignored') inbox.ignore(ids.map((id) => ({ id, sentence: as })));
  else for (const id of ids) inbox.settle(id, { state: as, sentence: as });
  return ids;
}

/** Enough arrivals for it to be tidied, each time; they wait. */
async function letTidy(inbox: Inbox, name: string): Promise<void> {
  for (const round of [1, 2]) await takeAll(inbox, names(`${name} ${round}`, 500));
}

function withKept(change: Partial<InboxLimits['kept']>): Inbox {
  return createInbox(state.store, { ...inboxLimits, kept: { ...inboxLimits.kept, ...change } });
}
const bodies = (number: number, bytes = 1 << 30) => {
  const each = { number, bytes };
  return { done: each, parked: each, ignored: each };
};
const withBody = (inbox: Inbox, ids: readonly number[]) => ids.filter((id) => inbox.body(id) !== undefined).length;

describe('what is forgotten', () => {
  it('a body goes before its row: a delivery that comes again is known though nothing of it can be read', async () => {
    const inbox = withKept({ bodies: bodies(3) });
    const ids = await settled(inbox, names('build', 20), 'done');
    await letTidy(inbox, 'later');
    expect(ids.filter((id) => inbox.body(id) !== undefined)).toEqual(ids.slice(-3));
    expect(await inbox.take(delivery('build 0'))).toMatchObject({
      kind: 'known',
      delivery: { state: 'done', bytes: 10 },
    });
    expect(await inbox.take({ ...delivery('under another id'), content: 'content of build 1' })).toMatchObject({
      kind: 'known',
    });
  });

  it('bodies by their size too, and those of one kind never for those of another', async () => {
    const inbox = withKept({ bodies: { ...bodies(1_000), ignored: { number: 1_000, bytes: 2_500 } } });
    const parked = await settled(inbox, names('parked', 5), 'parked', 1_000);
    const ignored = await settled(inbox, names('ignored', 30), 'ignored', 1_000);
    await letTidy(inbox, 'later');
    expect([withBody(inbox, parked), withBody(inbox, ignored)]).toEqual([5, 2]);
  });

  it('no row that is younger than a month, however many arrive, unless there are more than may be', async () => {
    const inbox = withKept({ bodies: bodies(0) });
    const [first = 0] = await settled(inbox, names('build', 1_500), 'ignored');
    await letTidy(inbox, 'later');
    expect(inbox.show(first)).toMatchObject({ state: 'ignored' });
    const small = withKept({ rows: 1_200 });
    await letTidy(small, 'last');
    expect(inbox.show(first)).toBeUndefined();
    expect(state.db.$client.prepare('SELECT count(*) FROM inbox_bodies').pluck().get()).toBe(inbox.waiting());
  });

  it('nothing of what waits: neither its row nor its body, however old', async () => {
    const inbox = withKept({ bodies: bodies(0), rows: 1 });
    const waiting = await takeAll(inbox, names('waiting', 5));
    clock.advance(60 * 86_400_000);
    await letTidy(inbox, 'later');
    expect(withBody(inbox, waiting)).toBe(5);
  });
});

describe('what is too much', () => {
  it('is refused by its bytes too, and distinguished from what is known', async () => {
    const inbox = createInbox(state.store, { ...inboxLimits, waitingBytes: 1_000 });
    const taken = await Promise.all(names('long', 5).map((name) => inbox.take(delivery(name, 300))));
    expect(taken.map(({ kind }) => kind)).toEqual(['taken', 'taken', 'taken', 'full', 'full']);
    expect(await inbox.take(delivery('long 0', 300))).toMatchObject({ kind: 'known' });
  });

  it('is not read into memory at once', async () => {
    const inbox = createInbox(state.store);
    await takeAll(inbox, names('long', 12), 1 << 20);
    expect(inbox.due(100)).toHaveLength(8);
    await takeAll(inbox, ['longest'], 9 << 20);
    for (const { id } of inbox.due(100)) inbox.settle(id, { state: 'ignored', sentence: 'no' });
    for (const { id } of inbox.due(4)) inbox.settle(id, { state: 'ignored', sentence: 'no' });
    expect(inbox.due(100).map((each) => each.delivery)).toEqual(['longest']);
  });
});

it('an act that throws takes back what it changed, and the delivery waits on', async () => {
  const inbox = createInbox(state.store);
  const [id = 0] = await takeAll(inbox, ['order']);
  const act = () => {
    state.store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'half done' }));
    throw new Error('and no further');
  };
  expect(() => inbox.settle(id, act)).toThrow('and no further');
  expect([inbox.show(id)?.state, auditRows()]).toEqual(['waiting', 0]);
  inbox.settle(id, () => {
    state.store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'done' }));
    return { state: 'done', sentence: 'yes' };
  });
  inbox.settle(id, () => {
    throw new Error('a settled delivery sets nothing off');
  });
  expect([inbox.show(id)?.state, auditRows()]).toEqual(['done', 2]);
});

const auditRows = () => state.db.$client.prepare('SELECT count(*) FROM audit').pluck().get();

it('migrates the deliveries of an earlier version, with their bodies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-earlier-'));
  try {
    const migrationsFolder = join(import.meta.dirname, '../../../../migrations');
    const client = new Database(join(folder, 'state.sqlite'));
    client.exec('CREATE TABLE __drizzle_migrations (id integer PRIMARY KEY, hash text NOT NULL, created_at numeric)');
    for (const { sql, hash, folderMillis } of readMigrationFiles({ migrationsFolder }).slice(0, 4)) {
      for (const statement of sql) client.exec(statement);
      client.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)').run(hash, folderMillis);
    }
    client
      .prepare(
        "INSERT INTO inbox (hook, delivery, content, kind, body, received_at, next_at) VALUES ('github', 'a', 'c', 'push', ?, 1, 1)",
      )
      .run(Buffer.from('{"kept":true}'));
    client.close();
    const db = openDatabase(folder);
    const inbox = createInbox(
      createStore({ db, clock: systemClock, redact: (text) => text, committed: () => undefined }),
    );
    expect(inbox.due(10)).toMatchObject([{ id: 1, bytes: 13, state: 'waiting', body: Buffer.from('{"kept":true}') }]);
    db.$client.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
