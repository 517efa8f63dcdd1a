// Notifiers next to one another, and how one follows the log: real leases, a real state.

import { afterEach, describe, expect, it } from 'vitest';
import type { Engine } from '../api/engine.ts';
import type { AuditRow, BareAction } from '../domain/audit-events.ts';
import { silentLog } from '../lib/log.ts';
import { together } from '../lib/tasks.ts';
import { auditAfter, lastRowBefore } from '../state/audit.ts';
import { createChangeSignal } from '../state/change-signal.ts';
import { createOutbox } from '../state/outbox.ts';
import { readCursor, writeCursor } from '../state/snapshots.ts';
import { movableClock, setState, type TestState } from '../state/testing/state.ts';
import { follow } from './follow.ts';
import { notify } from './notify.ts';
import { aWhile, eventually, type Newsroom, openNewsroom } from './testing/news.ts';

const opened: Newsroom[] = [];
const states: TestState[] = [];
afterEach(async () => {
  for (const state of states.splice(0)) state.remove();
  for (const room of opened.splice(0)) await room.close();
});

function openRoom(): Newsroom {
  const room = openNewsroom({ notify: '{}' });
  opened.push(room);
  return room;
}

describe('notifiers', () => {
  it('do not delay one another: one that fails begins again after a pause', async () => {
    const { engine, clock } = openRoom();
    const story: string[] = [];
    const over = new AbortController();
    const notifiers = [
      {
        name: 'broken',
        work: async () => {
          story.push('broken');
          throw new Error('it always fails');
        },
      },
      {
        name: 'sound',
        work: async (signal: AbortSignal) => {
          while (!signal.aborted) {
            story.push('sound');
            await engine.changed(100, signal);
          }
        },
      },
    ];
    const notifying = notify({ withLease: engine.withLease, clock, log: silentLog }, notifiers, over.signal);
    await eventually(() => story.filter((who) => who === 'broken').length === 2);
    expect(story.filter((who) => who === 'sound').length).toBeGreaterThan(10);
    over.abort();
    await notifying;
  });

  it('work in one process at a time', async () => {
    const room = openRoom();
    const busy = { now: 0, most: 0 };
    const over = new AbortController();
    const notifier = {
      name: 'one',
      work: async (signal: AbortSignal) => {
        busy.now += 1;
        busy.most = Math.max(busy.most, busy.now);
        while (!signal.aborted) await room.engine.changed(200, signal);
        busy.now -= 1;
      },
    };
    const parts = { withLease: room.engine.withLease, clock: room.clock, log: silentLog };
    const both = [notify(parts, [notifier], over.signal), notify(parts, [notifier], over.signal)];
    await eventually(() => busy.now === 1);
    await aWhile(2_500);
    expect(busy).toEqual({ now: 1, most: 1 });
    over.abort();
    await Promise.all(both);
  });

  it('whose parts belong together end together', async () => {
    const seen: string[] = [];
    const patient = async (stop: AbortSignal) => {
      await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
      seen.push('stopped');
    };
    const failing = async () => {
      throw new Error('broken');
    };
    await expect(together([patient, failing], new AbortController().signal)).rejects.toThrow('broken');
    expect(seen).toEqual(['stopped']);
  });
});

describe('following the log', () => {
  function onState() {
    const clock = movableClock();
    const state = setState({ clock });
    states.push(state);
    const { db, store } = state;
    const wake = createChangeSignal(db, clock);
    const parts = {
      store,
      clock,
      log: silentLog,
      engine: {
        audit: {
          after: (seq: number, limit: number) => auditAfter(db, seq, limit),
          lastBefore: (at: number) => lastRowBefore(db, at),
        } as Engine['audit'],
        cursor: (consumer: string) => readCursor(db, consumer),
        moveCursor: (consumer: string, seq: number) => store.note((inside) => writeCursor(inside, consumer, seq)),
        changed: wake.changed,
      },
    };
    const happens = (action: BareAction) =>
      store.write((tx) => tx.audit({ actor: 'engine', action, sentence: 'it happened' }));
    return { parts, happens, outbox: createOutbox(store), clock };
  }

  it('takes each row once with what it leads to, skips one that cannot be reported, and leaves nothing half-done', async () => {
    const { parts, happens, outbox } = onState();
    for (const action of ['step-started', 'paused', 'resumed'] as const) happens(action);
    const over = new AbortController();
    const taken: string[] = [];
    const take = ({ action, seq }: AuditRow) => {
      taken.push(action);
      outbox.put({ key: `test:${seq}`, transport: 'test', kind: action, payload: {} });
      if (action === 'paused') throw new Error('it is not known');
    };
    const following = follow(parts, { consumer: 'test', take }, over.signal);
    await eventually(() => parts.engine.cursor('test') === 3);
    over.abort();
    await following;
    expect(taken).toEqual(['step-started', 'paused', 'paused', 'paused', 'paused', 'paused', 'resumed']);
    expect(outbox.due('test', 9).map(({ kind }) => kind)).toEqual(['step-started', 'resumed']);
  });

  it('begins with what is new, not with the history of a log that is there already', async () => {
    const { parts, happens, clock } = onState();
    happens('paused');
    clock.advance(3_600_000);
    happens('resumed');
    const over = new AbortController();
    const taken: string[] = [];
    const following = follow(parts, { consumer: 'test', take: ({ action }) => void taken.push(action) }, over.signal);
    await eventually(() => parts.engine.cursor('test') === 2);
    over.abort();
    await following;
    expect(taken).toEqual(['resumed']);
  });

  it('passes over what is too old with one move of its cursor, however much that is', async () => {
    const { parts, happens, clock } = onState();
    for (let row = 1; row <= 300; row += 1) happens('paused');
    parts.engine.moveCursor('test', 7);
    clock.advance(25 * 3_600_000);
    happens('resumed');
    const over = new AbortController();
    const moves: number[] = [];
    const moveCursor = (consumer: string, seq: number) => {
      moves.push(seq);
      parts.engine.moveCursor(consumer, seq);
    };
    const counted = { ...parts, engine: { ...parts.engine, moveCursor } };
    const following = follow(counted, { consumer: 'test', take: () => undefined }, over.signal);
    await eventually(() => parts.engine.cursor('test') === 301);
    over.abort();
    await following;
    expect(moves).toEqual([300, 301]);
  });
});
