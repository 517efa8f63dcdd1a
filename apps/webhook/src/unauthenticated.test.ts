import { type Engine, silentLog } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { createUnauthenticated } from './unauthenticated.ts';

type Seen = { readonly source?: string; readonly count?: number };

function set(write: (seen: Seen) => void = () => undefined) {
  const written: Seen[] = [];
  const engine: Pick<Engine, 'countUnauthenticated'> = {
    countUnauthenticated: (_door, seen = {}) => {
      write(seen);
      written.push(seen);
    },
  };
  return { unauthenticated: createUnauthenticated(engine, silentLog), written };
}

const once = () => {
  const stop = new AbortController();
  return { stop, signal: stop.signal };
};

describe('unauthenticated requests', () => {
  it('are written once for many requests, by source', async () => {
    const { unauthenticated, written } = set();
    const { stop, signal } = once();
    for (let times = 0; times < 500; times += 1) unauthenticated.refuse('192.0.2.1', 'unsigned');
    unauthenticated.refuse('192.0.2.2', 'unsigned');
    const kept = unauthenticated.keep(signal);
    stop.abort();
    await kept;
    expect(written).toEqual([
      { source: '192.0.2.1', count: 500 },
      { source: '192.0.2.2', count: 1 },
    ]);
  });

  it('of many sources are counted together, and none is lost', async () => {
    const { unauthenticated, written } = set();
    const { stop, signal } = once();
    for (let host = 0; host < 5000; host += 1) unauthenticated.refuse(`source ${host}`, 'unsigned');
    const kept = unauthenticated.keep(signal);
    stop.abort();
    await kept;
    expect(written).toHaveLength(17);
    expect(written.find(({ source }) => source === 'others')?.count).toBe(5000 - 16);
  });

  it('stay counted while the state cannot be written', async () => {
    let isBroken = true;
    const { unauthenticated, written } = set(() => {
      if (isBroken) throw new Error('disk full');
    });
    const { stop, signal } = once();
    unauthenticated.refuse('192.0.2.1', 'unsigned');
    const kept = unauthenticated.keep(signal);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(written).toEqual([]);
    isBroken = false;
    unauthenticated.refuse('192.0.2.1', 'unsigned');
    stop.abort();
    await kept;
    expect(written).toEqual([{ source: '192.0.2.1', count: 2 }]);
  });

  it('must wait when there are too many, each source for itself', () => {
    const { unauthenticated } = set();
    const waits = Array.from({ length: 70 }, () => unauthenticated.refuse('192.0.2.1', 'unsigned'));
    expect(waits.slice(0, 60)).toEqual(Array(60).fill(0));
    expect(waits.at(-1)).toBe(1);
    expect(unauthenticated.wait('192.0.2.1')).toBe(1);
    expect([unauthenticated.wait('192.0.2.2'), unauthenticated.refuse('192.0.2.2', 'unsigned')]).toEqual([0, 0]);
  });
});
