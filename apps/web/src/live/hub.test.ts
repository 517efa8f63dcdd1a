// A client that reads slowly: it gets the newest form of a part when it reads again, and is dropped when it never does.

import { systemClock } from '@bg/engine';
import { afterEach, expect, it } from 'vitest';
import { html } from '../html.ts';
import type { Sink } from './client.ts';
import { createHub, type Hub } from './hub.ts';

let hub: Hub;
afterEach(() => hub.close());

/** As a socket whose other end does not read. */
function slowSink() {
  const written: string[] = [];
  let drain: (() => void) | undefined;
  const state = { isFull: false, isDestroyed: false };
  const sink: Sink = {
    write: (text) => {
      written.push(text);
      return !state.isFull;
    },
    once: (_event, listener) => {
      drain = listener;
    },
    end: () => undefined,
    destroy: () => {
      state.isDestroyed = true;
    },
  };
  const empty = (): void => {
    state.isFull = false;
    const listener = drain;
    drain = undefined;
    listener?.();
  };
  return { sink, written, state, empty };
}

let value = 0;
let draws = 0;
const open = (stuckMs: number): Hub =>
  createHub({
    engine: {
      changed: (limitMs, signal) => systemClock.sleep(Math.min(limitMs, 10), signal),
      controllerAlive: () => true,
      lookNow: async () => undefined,
    },
    draw: () => {
      draws += 1;
      value += 1;
      return new Map([['a', html`<p>${value}</p>`]]);
    },
    log: { warn: () => undefined } as never,
    limits: { calmMs: 5, stuckMs },
  });

it('is sent nothing while it does not read, and then only the newest', async () => {
  hub = open(60_000);
  const slow = slowSink();
  slow.state.isFull = true;
  hub.join(slow.sink, ['a'], undefined);
  const before = value;
  await expect.poll(() => value - before, { timeout: 20_000 }).toBeGreaterThan(20);
  expect(slow.written.length).toBe(1);
  slow.empty();
  expect(slow.written.length).toBe(2);
  expect(slow.written[1]?.match(/event: part/g)).toHaveLength(1);
  expect(slow.written[1]).toContain(`<p>${value}</p>`);
});

it('is dropped when it never reads', async () => {
  hub = open(50);
  const slow = slowSink();
  slow.state.isFull = true;
  hub.join(slow.sink, ['a'], undefined);
  await expect.poll(() => slow.state.isDestroyed, { timeout: 20_000 }).toBe(true);
});

it('reads nothing while no one looks', async () => {
  hub = open(60_000);
  const { sink } = slowSink();
  const leave = hub.join(sink, ['a'], undefined);
  await expect.poll(() => draws, { timeout: 20_000 }).toBeGreaterThan(2);
  leave?.();
  // The reading under way ends.
  await systemClock.sleep(100);
  const before = draws;
  await systemClock.sleep(300);
  expect(draws).toBe(before);
});
