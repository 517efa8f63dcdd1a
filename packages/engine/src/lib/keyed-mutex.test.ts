import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createKeyedMutex } from './keyed-mutex.ts';

describe('a keyed mutex', () => {
  it('runs work of one name one after the other, in the order of the calls', async () => {
    const mutex = createKeyedMutex();
    const story: string[] = [];
    const act = (name: string, ms: number) =>
      mutex('slot', async () => {
        story.push(`${name} begins`);
        await wait(ms);
        story.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all([act('a', 20), act('b', 0), act('c', 5)])).toEqual(['a', 'b', 'c']);
    expect(story).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('continues after a failure, which only its own caller sees', async () => {
    const mutex = createKeyedMutex();
    const bad = mutex('slot', async () => Promise.reject(new Error('no')));
    const good = mutex('slot', async () => 'yes');
    await expect(bad).rejects.toThrow('no');
    expect(await good).toBe('yes');
  });

  it('does not make work of another name wait', async () => {
    const mutex = createKeyedMutex();
    let release = (): void => undefined;
    const held = mutex(
      'blue',
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    expect(await mutex('green', async () => 'free')).toBe('free');
    release();
    await held;
  });
});
