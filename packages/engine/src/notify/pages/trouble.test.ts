// What calls a person, and what ends it: decided only from values.

import { describe, expect, it } from 'vitest';
import type { DeploymentView } from '../../api/deployment.ts';
import type { SlotView } from '../../api/views.ts';
import { bothSidesIll, type Illness, nextIllness, turnOf } from './trouble.ts';

const ended = (kind: string, mode = 'deploy', actor = 'engine') =>
  turnOf({ name: 'shop', version: 'v2.1', mode, outcome: { kind, actor } } as unknown as DeploymentView);

describe('a deployment that ended', () => {
  it.each([
    ['halted', 'deploy', 'engine', 'halted'],
    ['halted', 'switch', 'person:alice', 'halted'],
    ['halted', 'rollback', 'engine', 'rollback-failed'],
    ['failed', 'rollback', 'engine', 'rollback-failed'],
    ['rolled-back', 'rollback', 'engine', 'rollback-failed'],
    ['aborted', 'rollback', 'engine', 'rollback-failed'],
    ['halted', 'rollback', 'person:alice', 'rollback-failed'],
  ])('%s (%s, by %s) begins: %s', (kind, mode, actor, trouble) => {
    expect(ended(kind, mode, actor)).toMatchObject({ kind: 'begins', trouble });
  });

  it('promoted ends what the one before left behind', () => {
    for (const mode of ['deploy', 'rollback', 'switch'])
      expect(ended('promoted', mode)).toEqual({
        kind: 'ends',
        troubles: ['halted', 'rollback-failed', 'live-side-ill', 'break-glass'],
      });
  });

  it.each([
    ['failed', 'deploy', 'engine'],
    ['rolled-back', 'deploy', 'engine'],
    ['aborted', 'rollback', 'person:alice'],
    ['superseded', 'rollback', 'engine'],
    ['cancelled', 'rollback', 'engine'],
  ])('%s (%s, by %s) calls nobody', (kind, mode, actor) => {
    expect(ended(kind, mode, actor)).toBeUndefined();
  });
});

describe('both sides', () => {
  const target = (...sides: readonly (readonly [role: string, health: string])[]) => ({
    slots: sides.map(([role, health]) => ({ role, health }) as SlotView) as [SlotView, SlotView],
  });

  it.each([
    [['active', 'unhealthy'], ['standby', 'unhealthy'], true],
    [['standby', 'unhealthy'], ['active', 'unhealthy'], true],
    [['active', 'unhealthy'], ['idle', 'unknown'], true],
    [['active', 'unhealthy'], ['standby', 'healthy'], false],
    [['active', 'healthy'], ['standby', 'unhealthy'], false],
    [['active', 'unhealthy'], ['standby', 'degraded'], false],
    [['active', 'degraded'], ['standby', 'unhealthy'], false],
    [['active', 'degraded'], ['idle', 'unknown'], false],
    [['active', 'unknown'], ['standby', 'unhealthy'], false],
    [['idle', 'unknown'], ['idle', 'unknown'], false],
    [['idle', 'unknown'], ['preview', 'unhealthy'], false],
  ] as const)('%j and %j: %s', (one, other, isIll) => {
    expect(bothSidesIll(target(one, other))).toBe(isIll);
  });

  it('call when it lasts, once, and are well when that lasts', () => {
    const story = [
      [0, true],
      [4_000, false],
      [6_000, true],
      [14_000, true],
      [16_000, true],
      [18_000, true],
      [20_000, false],
      [70_000, true],
      [72_000, false],
      [131_000, false],
      [132_000, false],
      [134_000, false],
      [200_000, true],
      [210_000, true],
    ] as const;
    let illness: Illness | undefined;
    const turns = story.flatMap(([now, isIll]) => {
      const next = nextIllness(illness, isIll, now);
      illness = next.illness;
      return next.turn === undefined ? [] : [`${now} ${next.turn}`];
    });
    expect(turns).toEqual(['16000 begins', '132000 ends', '210000 begins']);
  });
});
