// When the owner of a lock is reminded of it.

import { afterEach, describe, expect, it } from 'vitest';
import { bob, type Flow, shortPlan, startFlow } from '../../testing/flow.ts';
import { remindOfLock } from './remind-of-lock.ts';

let flow: Flow;
afterEach(() => flow.close());

const hourMs = 3_600_000;

function reminders(afterMs: number): readonly string[] {
  flow.clock.advance(afterMs);
  const { core, target, lease } = flow.process();
  remindOfLock({ core, target, lease: lease() });
  return flow.story().filter((row) => row.startsWith('lock-reminder'));
}

describe('the owner of a lock', () => {
  it('is reminded after each such time, also by another process, until it ends', async () => {
    flow = await startFlow({ options: `${shortPlan}\n    lockReminder: 2h` });
    flow.people.lock({ actor: bob, reason: 'stock-taking', forMs: 5 * hourMs });
    expect(reminders(1.9 * hourMs)).toEqual([]);
    expect(reminders(0.2 * hourMs)).toEqual([
      expect.stringMatching(/locked by bob for 2 h 6 min, until .*: stock-taking/),
    ]);
    flow.restart();
    expect(reminders(hourMs)).toHaveLength(1);
    expect(reminders(hourMs)).toHaveLength(2);
    expect(reminders(2 * hourMs)).toHaveLength(2);
  });

  it('is not reminded where the configuration says so, nor of a lock that is gone', async () => {
    flow = await startFlow({ options: `${shortPlan}\n    lockReminder: 0s` });
    flow.people.lock({ actor: bob, reason: 'stock-taking', forMs: 20 * hourMs });
    expect(reminders(10 * hourMs)).toEqual([]);
    flow.people.unlock({ actor: bob });
    expect(reminders(hourMs)).toEqual([]);
  });
});
