import { describe, expect, it } from 'vitest';
import { decideGuard, type GuardFacts, noMemory, ofThisBoot, within } from './decide.ts';

const settings = {
  unresponsive: 'rollback',
  unhealthy: 'rollback',
  crashLoop: 'rollback',
  crashes: 3,
  atMost: 2,
  withinMs: 3_600_000,
} as const;
const now = 10_000_000;
const facts: GuardFacts = {
  illness: 'unresponsive',
  side: 'green v2.1 d1',
  standbyReady: true,
  settings,
  memory: noMemory,
  now,
};
const decided = (more: Partial<GuardFacts>): string => {
  const decision = decideGuard({ ...facts, ...more });
  return decision.kind === 'act' ? decision.action : decision.kind;
};

describe('what the guard does', () => {
  it.each([
    ['nothing for a side that is well', { illness: undefined }, 'nothing'],
    ['moves users off a side that hangs', {}, 'rollback'],
    ['restarts it where no better side is ready', { standbyReady: false }, 'restart'],
    ['moves users off a side that says it is ill', { illness: 'unhealthy' }, 'rollback'],
    [
      'leaves alone what says it is ill where the other is no better',
      { illness: 'unhealthy', standbyReady: false },
      'page',
    ],
    ['moves users off a crash loop', { illness: 'crash-loop' }, 'rollback'],
    ['calls a person for a crash loop without a standby', { illness: 'crash-loop', standbyReady: false }, 'page'],
    ['nothing where it is off', { settings: { ...settings, unresponsive: 'off' } }, 'nothing'],
    ['restarts where that is asked', { settings: { ...settings, unresponsive: 'restart' } }, 'restart'],
    ['calls for failing smoke tests, where nothing else is asked', { illness: 'smoke-failing' }, 'page'],
    [
      'moves users off a side that fails its smoke tests, where that is asked',
      { illness: 'smoke-failing', settings: { ...settings, smokeTests: 'rollback' } },
      'rollback',
    ],
    [
      'leaves alone what fails its smoke tests where the other does too',
      { illness: 'smoke-failing', settings: { ...settings, smokeTests: 'rollback' }, standbyReady: false },
      'page',
    ],
    ['calls where that is asked', { settings: { ...settings, unresponsive: 'page' } }, 'page'],
  ] as const)('%s', (_, more, expected) => {
    expect(decided(more)).toBe(expected);
  });

  it('acts once for one illness, again after a while, and never after a call', () => {
    const handled = { side: facts.side, illness: 'unresponsive', againAt: now + 5_000 } as const;
    expect(decided({ memory: { ...noMemory, handled } })).toBe('nothing');
    expect(decided({ memory: { ...noMemory, handled }, now: now + 5_000 })).toBe('rollback');
    const called = { ...noMemory, handled: { ...handled, againAt: undefined } };
    expect(decided({ memory: called, now: now + 3_500_000 })).toBe('nothing');
  });

  it('starts again with another side or another illness', () => {
    const handled = { side: facts.side, illness: 'unresponsive', againAt: undefined } as const;
    expect(decided({ memory: { ...noMemory, handled }, side: 'blue v2.1 d2' })).toBe('rollback');
    expect(decided({ memory: { ...noMemory, handled }, illness: 'unhealthy' })).toBe('rollback');
  });

  it('stops after so many acts in the window, and continues when they are past', () => {
    const memory = { ...noMemory, acts: [now - 1_000, now - 500] };
    expect(decided({ memory })).toBe('exhausted');
    expect(decided({ memory, standbyReady: false })).toBe('exhausted');
    expect(decided({ memory, standbyReady: false, illness: 'unhealthy' })).toBe('page');
    expect(decided({ memory, now: now + 3_600_000 })).toBe('rollback');
  });

  it('counts what happened within the window', () => {
    expect(within([now - 3_600_000, now - 3_599_999], settings, now)).toEqual([now - 3_599_999]);
  });
});

describe('a memory whose times mean nothing here', () => {
  const handled = { side: facts.side, illness: 'unresponsive', againAt: 1_700_000_000_000 } as const;
  const memory = { crashes: { side: facts.side, times: [1_700_000_000_000] }, acts: [1_700_000_000_000], handled };

  it.each([
    ['of a version that wrote the wall clock', memory],
    ['of before the machine was started again', { ...memory, bootId: 'earlier' }],
  ])('%s keeps what was handled, and lets the guard act again', (_, before) => {
    const left = ofThisBoot(before, 'this');
    expect(left).toEqual({ ...noMemory, bootId: 'this', handled: { ...handled, againAt: 0 } });
    expect(decided({ memory: left })).toBe('rollback');
    const called = ofThisBoot({ ...before, handled: { ...handled, againAt: undefined } }, 'this');
    expect(decided({ memory: called })).toBe('nothing');
    expect(ofThisBoot(left, 'this')).toBe(left);
  });
});
