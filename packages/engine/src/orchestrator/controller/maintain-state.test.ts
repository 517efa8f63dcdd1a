// A clock that was set and a machine that was suspended are distinguished, reported once, and end no deployment.

import { setImmediate as nextRound } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { maintainState } from './maintain-state.ts';

const hour = 3_600_000;
let flow: Flow;
let end: AbortController;
let maintained: Promise<unknown>;
let suspendedMs: number;
beforeEach(async () => {
  flow = await startFlow();
  end = new AbortController();
  suspendedMs = 0;
  const { core, lease } = flow.process();
  // The monotonic clock of a machine does not count the time for which it was suspended; its uptime does.
  const clock = { ...flow.clock, monotonic: () => flow.clock.monotonic() - suspendedMs };
  maintained = maintainState({ ...core, clock }, lease(), end.signal).catch((thrown: unknown) => thrown);
});
afterEach(async () => {
  end.abort();
  await maintained;
  await flow.close();
});

/** A look of every second, for so many of them. */
async function looks(seconds: number): Promise<void> {
  for (let at = 0; at < seconds; at += 1) {
    flow.clock.advance(1_000);
    for (let rounds = 0; rounds < 3; rounds += 1) await nextRound();
  }
}
const suspend = (ms: number): void => {
  suspendedMs += ms;
};

describe('the clock of the machine', () => {
  it.each<[what: string, change: () => void, rows: readonly RegExp[]]>([
    ['runs', () => undefined, []],
    ['is corrected by two seconds', () => flow.clock.jump(2_000), []],
    ['jumps forward by an hour', () => flow.clock.jump(hour), [/^clock-jumped: .* jumped forward by 60 min/]],
    ['jumps back by an hour', () => flow.clock.jump(-hour), [/^clock-jumped: .* jumped back by 60 min/]],
    ['jumps by three seconds', () => flow.clock.jump(3_000), [/^clock-jumped: .* jumped forward by 3 s/]],
    ['stood still for an hour, suspended', () => suspend(hour), [/^machine-suspended: .* suspended for 60 min/]],
    [
      'was set while it was suspended',
      () => {
        suspend(hour);
        flow.clock.jump(-2 * hour);
      },
      [/^machine-suspended/, /^clock-jumped: .* jumped back by 120 min/],
    ],
  ])('that %s is reported as what it was, once', async (_, change, rows) => {
    await looks(2);
    const began = flow.lastSeq();
    change();
    await looks(5);
    const story = flow.story(began);
    expect(story).toHaveLength(rows.length);
    rows.forEach((row, at) => {
      expect(story[at]).toMatch(row);
    });
  });

  it('is not reported by a process that lost its lease: that ends its work', async () => {
    await looks(1);
    flow.restart();
    flow.process().lease();
    await looks(2);
    const began = flow.lastSeq();
    flow.clock.jump(hour);
    await looks(2);
    expect(await maintained).toMatchObject({ code: 'fenced-out' });
    expect(flow.actions(began)).toEqual([]);
  });
});
