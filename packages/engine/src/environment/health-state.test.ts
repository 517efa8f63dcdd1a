import { describe, expect, it } from 'vitest';
import type { HealthSettings } from '../config/health/settings.ts';
import { judgeHealthAnswer } from './health.ts';
import { type HealthState, nextHealth, unknownHealth } from './health-state.ts';
import { healthRule } from './testing/health-rule.ts';

const fields: HealthSettings['fields'] = {
  status: 'status',
  okValues: ['ok'],
  degradedValues: ['degraded'],
  environment: undefined,
  version: undefined,
  databaseConnected: undefined,
  dependencies: [
    { name: 'queue', path: 'checks.queue', required: true },
    { name: 'cache', path: 'checks.cache.state', required: false },
  ],
};
const settings: HealthSettings = { ...healthRule, timeoutMs: 2_000, fields };

const judge = (status: string, queue: unknown, cache: unknown) =>
  judgeHealthAnswer(
    { status: 200, body: JSON.stringify({ status, checks: { queue, cache: { state: cache } } }), ms: 1 },
    { slot: 'blue', version: undefined },
    settings,
  );

describe('an answer with dependencies', () => {
  it('is healthy when all are there, and names them', () => {
    const report = judge('ok', true, 'ok');
    expect(report).toMatchObject({ healthy: true, dependencies: { queue: 'ok', cache: 'ok' } });
    expect(report.degraded).toBeUndefined();
  });

  it.each([
    ['degraded', true, 'ok', 'status is "degraded"'],
    ['ok', 'degraded', 'ok', 'queue (checks.queue) is "degraded"'],
    ['ok', true, 'down', 'cache (checks.cache.state) is "down"'],
    ['degraded', true, false, 'status is "degraded"; cache (checks.cache.state) is false'],
  ])('%s, queue %s and cache %s is degraded', (status, queue, cache, degraded) => {
    expect(judge(status, queue, cache)).toMatchObject({ healthy: true, degraded });
  });

  it.each([
    ['ok', false, 'ok', 'queue is missing: expected checks.queue to be true or "ok", got false'],
    ['degraded', undefined, 'ok', 'queue is missing: expected checks.queue to be true or "ok", got nothing'],
    ['down', true, 'ok', 'expected status to be "ok", got "down"'],
  ])('%s, queue %s and cache %s is unhealthy', (status, queue, cache, problem) => {
    const report = judge(status, queue, cache);
    expect(report).toMatchObject({ healthy: false, problem });
    expect(report.degraded).toBeUndefined();
  });
});

describe('the condition', () => {
  const good = { healthy: true, answered: true };
  const after = (story: string): HealthState =>
    [...story].reduce<HealthState>(
      (state, letter) =>
        nextHealth(
          state,
          letter === '+' ? good : letter === 'd' ? { ...good, degraded: 'no cache' } : { ...good, healthy: false },
          settings,
        ),
      unknownHealth,
    );

  it.each([
    ['d', 'unknown'],
    ['dd', 'degraded'],
    ['+d', 'degraded'],
    ['++dd', 'healthy'],
    ['++dd+dd', 'healthy'],
    ['++ddd', 'degraded'],
    ['++ddd+', 'degraded'],
    ['++ddd++', 'healthy'],
    ['dd---', 'unhealthy'],
    ['dd---dd', 'degraded'],
    ['dd--', 'degraded'],
    ['---+d', 'degraded'],
  ])('after the answers "%s" is %s', (story, condition) => {
    expect(after(story).condition).toBe(condition);
  });

  it('has the reason while it is degraded, and none after', () => {
    expect(after('++ddd').problem).toBe('no cache');
    expect(after('++ddd+').problem).toBe('no cache');
    expect(after('++ddd++').problem).toBeUndefined();
  });
});
