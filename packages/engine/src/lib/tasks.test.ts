import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inParallel, together, within } from './tasks.ts';

const never = new AbortController().signal;
const untilStopped = (story: string[], name: string) => async (stop: AbortSignal) => {
  await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  await delay(20);
  story.push(`${name} has ended`);
};

describe('works that belong together', () => {
  test('are all stopped when one ends, and waited for', async () => {
    const story: string[] = [];
    await together([untilStopped(story, 'a'), async () => void story.push('b has ended')], never);
    expect(story).toEqual(['b has ended', 'a has ended']);
  });

  test('are all stopped when one fails, whose failure is thrown after the last has ended', async () => {
    const story: string[] = [];
    const failing = async () => Promise.reject(new Error('broken'));
    await expect(together([untilStopped(story, 'a'), failing], never, 'one-fails')).rejects.toThrow('broken');
    expect(story).toEqual(['a has ended']);
  });

  test('continue where one that has nothing to do ends at once', async () => {
    const story: string[] = [];
    const over = new AbortController();
    const all = together([untilStopped(story, 'a'), async () => {}], over.signal, 'one-fails');
    await delay(50);
    expect(story).toEqual([]);
    over.abort();
    await all;
    expect(story).toEqual(['a has ended']);
  });
});

describe('works of which a few run at a time', () => {
  test('are never more than the limit, and their results keep the order', async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([30, 5, 20, 1, 10, 1], 3, async (ms) => {
      running += 1;
      most = Math.max(most, running);
      await delay(ms);
      running -= 1;
      return `${ms} ms`;
    });
    expect(results).toEqual(['30 ms', '5 ms', '20 ms', '1 ms', '10 ms', '1 ms']);
    expect(most).toBe(3);
  });

  test('begin no further item after a failure, and reject when the others have ended', async () => {
    const story: string[] = [];
    const act = async (name: string) => {
      story.push(`${name} begins`);
      await delay(name === 'a' ? 5 : 40);
      if (name === 'a') throw new Error('a is broken');
      story.push(`${name} has ended`);
    };
    await expect(inParallel(['a', 'b', 'c', 'd'], 2, act)).rejects.toThrow('a is broken');
    expect(story).toEqual(['a begins', 'b begins', 'b has ended']);
  });

  test('may be none', async () => {
    expect(await inParallel([], 3, async () => 'x')).toEqual([]);
  });
});

describe('a result within a time', () => {
  test('is given when it comes, and thrown when it fails', async () => {
    expect(await within(60_000, Promise.resolve('here'))).toBe('here');
    await expect(within(60_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  test('is undefined when it comes later, or when the caller no longer waits', async () => {
    expect(await within(10, new Promise(() => {}))).toBeUndefined();
    expect(await within(60_000, new Promise(() => {}), { signal: AbortSignal.timeout(20) })).toBeUndefined();
  });

  test('that fails later is no unhandled rejection', async () => {
    const late = delay(30).then(() => Promise.reject(new Error('late')));
    expect(await within(5, late)).toBeUndefined();
    await delay(60);
  });
});
