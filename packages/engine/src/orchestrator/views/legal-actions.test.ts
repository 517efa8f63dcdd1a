import { describe, expect, it } from 'vitest';
import type { ActionName, ApprovalView, DeploymentView } from '../../api/deployment.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import type { RegisteredStep } from '../run/steps/registry.ts';
import { type ActionInput, legalActions } from './legal-actions.ts';

const steps: readonly RegisteredStep[] = [
  { name: 'expand-schema' },
  { name: 'start-preview' },
  { name: 'check-health' },
  { name: 'smoke-test' },
  { name: 'prove-preview' },
  { name: 'hold' },
  { name: 'shift-traffic', percent: 10 },
  { name: 'watch', percent: 10, watchMs: 1_000 },
  { name: 'await-approval', percent: 10 },
  { name: 'promote' },
  { name: 'verify-live' },
  { name: 'bake', bakeMs: 1_000 },
];

const at = (name: RegisteredStep['name'] | 'fetching', change: Partial<DeploymentRow> = {}): DeploymentRow =>
  ({
    version: 'v2',
    fromVersion: 'v1',
    finishedAt: null,
    direction: 'forward',
    pausedAt: null,
    promotedAt: null,
    plan: name === 'fetching' ? null : { mode: 'deploy', schema: [], steps },
    position: Math.max(
      0,
      steps.findIndex((step) => step.name === name),
    ),
    ...change,
  }) as DeploymentRow;

const approval = {
  status: 'pending',
  planHash: 'abcdef0123456789',
  askedAt: 0,
  deadlineAt: 60_000,
  onTimeout: 'abort',
} as ApprovalView;
const names = (input: Partial<ActionInput> & Pick<ActionInput, 'row'>): ActionName[] =>
  legalActions({ now: 1_000, approval: undefined, kept: undefined, afterBake: 'keep', onActive: false, ...input }).map(
    ({ name }) => name,
  );

describe('the legal actions', () => {
  it('of every live state that is not being reverted are at least one, and one of them gives it up', () => {
    for (const step of ['fetching', ...steps.map(({ name }) => name)] as const)
      for (const pausedAt of [null, 1])
        for (const promotedAt of [null, 1])
          for (const waiting of [undefined, approval]) {
            const actions = names({ row: at(step, { pausedAt, promotedAt }), approval: waiting });
            expect(actions, `${step}, paused ${pausedAt}, promoted ${promotedAt}`).toContain(
              promotedAt === null ? 'abort' : 'rollback',
            );
            expect(new Set(actions).size).toBe(actions.length);
          }
  });

  it.each<[string, Partial<ActionInput> & Pick<ActionInput, 'row'>, readonly ActionName[]]>([
    ['an approval', { row: at('await-approval'), approval }, ['approve', 'reject', 'extend', 'pause', 'abort']],
    [
      'an approval after its deadline',
      { row: at('await-approval'), approval, now: 60_000 },
      ['reject', 'extend', 'pause', 'abort'],
    ],
    [
      'an approval that is still held after its deadline',
      { row: at('await-approval'), approval: { ...approval, onTimeout: 'hold' }, now: 60_000 },
      ['approve', 'reject', 'extend', 'pause', 'abort'],
    ],
    [
      'an approval that does not count yet',
      { row: at('await-approval'), approval: { ...approval, opensAt: 1_001 } },
      ['reject', 'extend', 'pause', 'abort'],
    ],
    [
      'an approval that has all the time that extensions give',
      { row: at('await-approval'), approval: { ...approval, deadlineAt: 7 * 24 * 3_600_000 } },
      ['approve', 'reject', 'pause', 'abort'],
    ],
    [
      'an approval that is decided',
      { row: at('await-approval'), approval: { ...approval, status: 'approved' } },
      ['pause', 'abort'],
    ],
    ['a watch', { row: at('watch') }, ['promote', 'promote-full', 'pause', 'abort']],
    ['a hold', { row: at('hold') }, ['promote', 'promote-full', 'pause', 'abort']],
    ['a bake', { row: at('bake', { promotedAt: 1 }) }, ['pause', 'rollback']],
    ['a pause', { row: at('watch', { pausedAt: 1 }) }, ['resume', 'abort']],
    ['the way back', { row: at('watch', { direction: 'unwinding' }) }, []],
  ])('during %s', (_, input, expected) => {
    expect(names(input)).toEqual(expected);
  });

  const ended = at('bake', { finishedAt: 1, outcome: 'promoted' });
  const kept = (label: string): DeploymentView['kept'] => ({ slot: 'blue', version: 'v1', label, until: undefined });
  it.each<[string, Partial<ActionInput>, readonly ActionName[]]>([
    ['nothing kept', {}, []],
    ['a standby', { kept: kept('standby'), onActive: true }, ['rollback']],
    [
      'a standby, asked about',
      { kept: kept('standby'), onActive: true, afterBake: 'ask' },
      ['rollback', 'upgrade-standby', 'stop-standby'],
    ],
    ['a standby of a deployment that is history', { kept: kept('standby') }, []],
    ['a failed side', { kept: kept('failed') }, ['restore-failed', 'keep-failed']],
    ['an aborted side', { kept: kept('aborted') }, ['restore-failed', 'keep-failed']],
    ['a side that is kept for good', { kept: kept('kept') }, []],
  ])('afterwards with %s', (_, change, expected) => {
    expect(names({ row: ended, ...change })).toEqual(expected);
  });

  it('name the versions they are about, and what is dangerous', () => {
    const [promote, full, pause, abort] = legalActions({
      now: 1_000,
      row: at('watch'),
      approval: undefined,
      kept: undefined,
      afterBake: 'keep',
      onActive: false,
    });
    expect(promote?.effect).toContain('v2');
    expect(full?.effect).toContain('100 %');
    expect(abort?.effect).toContain('v1');
    expect([promote, full, pause, abort].map((action) => action?.danger)).toEqual([false, true, false, true]);
  });

  it('of the very first deployment warn that no user is served after an abort', () => {
    expect(
      legalActions({
        now: 1_000,
        row: at('fetching', { fromVersion: null }),
        approval: undefined,
        kept: undefined,
        afterBake: 'keep',
        onActive: false,
      }).at(-1)?.effect,
    ).toContain('No user is served');
  });
});
