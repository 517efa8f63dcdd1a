import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createTurns } from './turns.ts';

describe('turns', () => {
  it('are taken one after the other under one name, in the order they were asked for', async () => {
    const turns = createTurns();
    const story: string[] = [];
    const act = (name: string, ms: number) =>
      turns('slot', async () => {
        story.push(`${name} begins`);
        await wait(ms);
        story.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all([act('a', 20), act('b', 0), act('c', 5)])).toEqual(['a', 'b', 'c']);
    expect(story).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('go on after a failure, which only its own asker sees', async () => {
    const turns = createTurns();
    const bad = turns('slot', async () => Promise.reject(new Error('no')));
    const good = turns('slot', async () => 'yes');
    await expect(bad).rejects.toThrow('no');
    expect(await good).toBe('yes');
  });

  it('of another name do not wait', async () => {
    const turns = createTurns();
    let release = (): void => undefined;
    const held = turns(
      'blue',
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    expect(await turns('green', async () => 'free')).toBe('free');
    release();
    await held;
  });
});
