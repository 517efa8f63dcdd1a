import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setState, type TestState } from './testing/state.ts';
import { countUnauthenticatedRequests, takeUnauthenticatedCounts, unauthenticatedWait } from './unauthenticated.ts';

let state: TestState;
beforeEach(() => {
  state = setState();
});
afterEach(() => state.remove());

const minute = 60_000;
const seen = (source: string, at: number, count = 1) =>
  countUnauthenticatedRequests(state.store.db, { entryPoint: 'webhook', source, count }, at);

describe('unauthenticated requests', () => {
  it('are one count per minute, entry point and source', () => {
    seen('192.0.2.1', 0);
    seen('192.0.2.1', 59_999, 4);
    seen('192.0.2.2', 30_000);
    countUnauthenticatedRequests(state.store.db, { entryPoint: 'slack', source: '', count: 2 }, 0);
    seen('192.0.2.1', minute);
    expect(takeUnauthenticatedCounts(state.store.db, minute)).toEqual([
      { minute: 0, entryPoint: 'slack', source: '', count: 2 },
      { minute: 0, entryPoint: 'webhook', source: '192.0.2.1', count: 5 },
      { minute: 0, entryPoint: 'webhook', source: '192.0.2.2', count: 1 },
    ]);
    expect(unauthenticatedWait(state.store.db, minute)).toBe(false);
    expect(takeUnauthenticatedCounts(state.store.db, 2 * minute)).toEqual([
      { minute: 1, entryPoint: 'webhook', source: '192.0.2.1', count: 1 },
    ]);
  });

  it('of more than sixteen sources in a minute are counted together, and none is lost', () => {
    for (let host = 0; host < 1000; host += 1) seen(`192.0.${host >> 8}.${host & 255}`, 0);
    seen('192.0.0.3', 0);
    const rows = takeUnauthenticatedCounts(state.store.db, minute);
    expect(rows).toHaveLength(17);
    expect(rows.find(({ source }) => source === 'others')?.count).toBe(1000 - 16);
    expect(rows.find(({ source }) => source === '192.0.0.3')?.count).toBe(2);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(1001);
  });
});
