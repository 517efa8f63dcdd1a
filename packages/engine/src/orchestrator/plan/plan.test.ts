import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanaryStep, TargetSettings } from '../../config/settings.ts';
import { stepTitle } from '../run/steps/named.ts';
import type { RegisteredStep } from '../run/steps/registry.ts';
import { omissionsOf } from './omissions.ts';
import { buildPlan, type PlanInput, planHash } from './plan.ts';

const canary: readonly CanaryStep[] = [
  { percent: 10, watchMs: 60_000, approval: false },
  { percent: 10, watchMs: undefined, approval: true },
  { percent: 50, watchMs: 60_000, approval: true },
];

const settingsOf = (
  change: Partial<Pick<TargetSettings, 'canary' | 'bakeMs'>> & { beforeTraffic?: boolean } = {},
): TargetSettings =>
  ({
    canary,
    bakeMs: 120_000,
    balancer: { driver: 'switch' },
    ...change,
    approval: { beforeTraffic: change.beforeTraffic ?? false },
  }) as TargetSettings;

const everything: PlanInput['balancer'] = {
  weights: { bucketHeader: 'x-bucket' },
  counts: {
    traffic: () => Promise.reject(new Error('a plan asks for no counts')),
    failures: () => Promise.reject(new Error('a plan asks for no failures')),
  },
  preview: { by: ['header'] },
};

const input = (change: Partial<PlanInput> = {}): PlanInput => ({
  mode: 'deploy',
  balancer: everything,
  settings: settingsOf(),
  hasActive: true,
  warm: false,
  hold: false,
  schema: [],
  ...change,
});

const names = (change: Partial<PlanInput> = {}): string[] =>
  buildPlan(input(change)).steps.map((step) => ('percent' in step ? `${step.name} ${step.percent}` : step.name));

const prepared = ['expand-schema', 'start-preview', 'check-health', 'smoke-test', 'prove-preview'];
const live = ['promote', 'verify-live', 'bake'];

describe('a plan', () => {
  it.each<[string, Partial<PlanInput>, readonly string[]]>([
    [
      'of a deployment',
      {},
      [
        ...prepared,
        'shift-traffic 10',
        'watch 10',
        'await-approval 10',
        'shift-traffic 50',
        'watch 50',
        'await-approval 50',
        ...live,
      ],
    ],
    ['of the very first deployment', { hasActive: false }, [...prepared, ...live]],
    ['with a hold', { hold: true, settings: settingsOf({ canary: [] }) }, [...prepared, 'hold', ...live]],
    [
      'that asks before any user',
      { settings: settingsOf({ canary: [], beforeTraffic: true }) },
      [...prepared, 'await-approval 0', ...live],
    ],
    [
      'of a first deployment that asks',
      { hasActive: false, settings: settingsOf({ beforeTraffic: true }) },
      [...prepared, 'await-approval 0', ...live],
    ],
    ['of a rollback to a warm side', { mode: 'rollback', warm: true }, ['ready-standby', 'promote', 'verify-live']],
    ['of a rollback to a cold side', { mode: 'rollback' }, [...prepared, 'promote', 'verify-live']],
    ['of a switch', { mode: 'switch', warm: true }, ['promote', 'verify-live']],
    ['of a redeploy', { mode: 'redeploy', settings: settingsOf({ canary: [] }) }, [...prepared, ...live]],
  ])('%s', (_, change, steps) => {
    expect(names(change)).toEqual(steps);
  });

  it('has a title for people for every step', () => {
    const titles = buildPlan(input({ hold: true, settings: settingsOf({ beforeTraffic: true }) })).steps.map((step) =>
      stepTitle(step, 'v2'),
    );
    expect(titles.every((title) => title.length > 5)).toBe(true);
    expect(titles).toContain('send 10 % of users to v2');
    expect(titles).toContain('approval before any user');
  });
});

const anyCanary = fc
  .array(
    fc.record({
      percent: fc.integer({ min: 1, max: 99 }),
      watchMs: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
      approval: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((steps) => steps.toSorted((a, b) => a.percent - b.percent));

describe('a load balancer that cannot do everything', () => {
  const without = (capability: keyof typeof everything) =>
    names({ balancer: { ...everything, [capability]: undefined } });

  it('without weights moves all users at once', () => {
    expect(without('weights')).toEqual([...prepared, ...live]);
  });

  it('without counts watches no share, and asks people all the same', () => {
    const steps = without('counts');
    expect(steps.some((name) => name.startsWith('watch'))).toBe(false);
    expect(steps).toEqual(names().filter((name) => !name.startsWith('watch')));
  });

  it('names the driver and the capability for what a plan leaves out', () => {
    const said = (change: Partial<PlanInput>) =>
      omissionsOf(input(change)).map(({ code, capability, sentence }) => `${code} ${capability}: ${sentence}`);
    expect(said({ balancer: {} })).toEqual([
      'not-supported weights: switch cannot send a share of the users to one side (it has no weights): the plan leaves the canary out, all users move at once',
      'not-supported counts: switch cannot count what a side answers (it has no counts): the plan watches no share, and the bake only health',
      'not-supported preview: switch cannot show a side to testers before it gets users (it has no preview): the plan leaves prove-preview out',
    ]);
    expect(said({ balancer: {}, hasActive: false })).toHaveLength(2);
    expect(said({ balancer: {}, mode: 'rollback' })).toEqual([]);
    expect(said({})).toEqual([]);
  });

  it('without a preview route proves nothing by it', () => {
    expect(without('preview')).toEqual(names().filter((name) => name !== 'prove-preview'));
  });
});

const anyInput: fc.Arbitrary<PlanInput> = fc
  .record({
    mode: fc.constantFrom('deploy', 'redeploy', 'rollback', 'switch'),
    canary: anyCanary,
    beforeTraffic: fc.boolean(),
    hasActive: fc.boolean(),
    warm: fc.boolean(),
    hold: fc.boolean(),
    schema: fc.array(fc.string(), { maxLength: 3 }),
  })
  .map(({ canary: steps, beforeTraffic, ...rest }) => ({
    ...rest,
    balancer: everything,
    settings: settingsOf({ canary: steps, beforeTraffic }),
  }));

const positions = (steps: readonly RegisteredStep[], name: RegisteredStep['name']): number[] =>
  steps.flatMap((step, position) => (step.name === name ? [position] : []));

describe('any plan', () => {
  const holds = (property: (steps: readonly RegisteredStep[], given: PlanInput) => void): void =>
    fc.assert(
      fc.property(anyInput, (given) => property(buildPlan(given).steps, given)),
      { numRuns: 500 },
    );

  it('promotes exactly once, and verifies right after it', () =>
    holds((steps) => {
      const [promote, ...more] = positions(steps, 'promote');
      expect(more).toEqual([]);
      expect(steps[(promote ?? -2) + 1]?.name).toBe('verify-live');
    }));

  it('never lowers the share, shifts to each share once, and never after all users were moved', () =>
    holds((steps) => {
      const shares = steps.flatMap((step) => (step.name === 'shift-traffic' ? [step.percent] : []));
      expect(shares).toEqual([...new Set(shares)].toSorted((a, b) => a - b));
      const promote = positions(steps, 'promote')[0] ?? -1;
      expect(positions(steps, 'shift-traffic').every((position) => position < promote)).toBe(true);
    }));

  it('gives a side that had to be started no user before it was proved through the balancer', () =>
    holds((steps, { warm }) => {
      const proved = positions(steps, 'prove-preview')[0];
      if (!warm) expect(proved).toBeDefined();
      const firstUsers = Math.min(...positions(steps, 'shift-traffic'), ...positions(steps, 'promote'));
      if (proved !== undefined) expect(proved).toBeLessThan(firstUsers);
    }));

  it('watches and asks at the share that users have then', () =>
    holds((steps) => {
      let share = 0;
      for (const step of steps) {
        if (step.name === 'shift-traffic') share = step.percent;
        if (step.name === 'watch' || step.name === 'await-approval') expect(step.percent).toBe(share);
      }
    }));

  it('has another hash when anything changes that an approval covers', () => {
    const plan = buildPlan(input());
    const facts = { plan, digest: 'a', activeDigest: 'b', configDigest: 'c' };
    const others = [
      { digest: 'x' },
      { activeDigest: 'x' },
      { activeDigest: undefined },
      { configDigest: 'x' },
      { plan: buildPlan(input({ hold: true })) },
      { plan: buildPlan(input({ schema: ['add column'] })) },
    ];
    const hashes = [facts, ...others.map((other) => ({ ...facts, ...other }))].map(planHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(planHash({ ...facts, plan: structuredClone(plan) })).toBe(planHash(facts));
  });
});
