import { setImmediate as nextRound } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createFairQueue } from './fair-queue.ts';

describe('turns', () => {
  test('begin in the order of requests, and what one awaits does not delay the others', async () => {
    const turns = createFairQueue();
    const begun: number[] = [];
    let letGo = (): void => undefined;
    const slow = turns(async () => {
      begun.push(1);
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
    });
    const quick = turns(async () => begun.push(2));
    await quick;
    expect(begun).toEqual([1, 2]);
    letGo();
    await slow;
  });

  test('let the event loop go round before each', async () => {
    const turns = createFairQueue();
    let seen = 0;
    const arrivals = (async () => {
      for (let index = 0; index < 6; index += 1) {
        await nextRound();
        seen += 1;
      }
    })();
    const before: number[] = [];
    await Promise.all([turns(async () => before.push(seen)), turns(async () => before.push(seen))]);
    await arrivals;
    expect(before[0]).toBeGreaterThanOrEqual(1);
    expect(before[1]).toBeGreaterThan(before[0] ?? 0);
  });

  test('go on after one that fails, and have a bound', async () => {
    const turns = createFairQueue();
    await expect(turns(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const many = Array.from({ length: 1_000 }, () => turns(async () => 'done'));
    await expect(turns(async () => 'too many')).rejects.toThrow(/1000/);
    expect(await Promise.all(many)).toHaveLength(1_000);
  });
});
