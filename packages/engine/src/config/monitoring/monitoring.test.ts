import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, makeBench, smallConfig } from '../test-config.ts';
import { monitoringVariable } from './monitoring.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const caller = (rules: string, more = 'name: prometheus, sender: alertmanager') =>
  `monitoring:\n  - { ${more}, rules: [${rules}] }\n`;
const rule = (more: string, act = 'rollback') => `{ act: ${act}, service: shop, labels: { alertname: X }${more} }`;
const problems = (...callers: readonly string[]) =>
  bench
    .check(
      `${callers[0]}${callers
        .slice(1)
        .map((text) => text.replace('monitoring:\n', ''))
        .join('')}${smallConfig}`,
    )
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${path}: ${message}`);
const resolved = (text: string) => bench.check(`${text}${smallConfig}`).settings;

it('defaults are what the documentation says, and the digest stays', () => {
  const settings = resolved(caller(rule('')));
  expect(settings?.monitoring).toEqual([
    {
      name: 'prometheus',
      sender: 'alertmanager',
      rules: [
        {
          act: 'rollback',
          service: 'shop',
          target: undefined,
          labels: { alertname: ['X'] },
          afterPromotionMs: 0,
          alertAgeMs: 0,
          atMost: 1,
          withinMs: 3_600_000,
          lockMs: 3_600_000,
          lift: false,
        },
      ],
    },
  ]);
  expect(settings?.digest).toBe(resolved('')?.digest);
  expect(resolved('')?.monitoring).toEqual([]);
});

it('names the variable of the receiver', () => {
  expect(monitoringVariable('night-watch')).toBe('MONITORING_NIGHT_WATCH_SECRET');
});

describe('is refused', () => {
  it.each<[string, string, string]>([
    ['without a rule', caller(''), 'monitoring[0].rules: expected a list of at least one rule'],
    [
      'without labels',
      caller('{ act: lock, service: shop }'),
      'monitoring[0].rules[0]: labels is missing: expected at least one, since every alert of alertmanager would fit',
    ],
    ['with no label', caller('{ act: lock, service: shop, labels: {} }'), 'labels is missing'],
    [
      'for no such service',
      caller(rule('').replace('shop', 'shopp')),
      '"shopp" is not a known key; did you mean "shop"?',
    ],
    ['for no such target', caller(rule(', target: produktion')), 'did you mean "production"?'],
    ['for another act', caller(rule('', 'deploy')), 'one of rollback, pause, lock'],
    ['with a label of nothing', caller(rule('').replace('X', '[]')), 'expected a list of at least one value'],
    ['with a label that is no name', caller(rule('').replace('alertname', '"a b"')), 'expected a label of 1 to 100'],
    [
      'with a time for another act',
      caller(rule(', afterPromotion: 5m', 'lock')),
      'belongs to the act rollback, not to lock',
    ],
    ['with a lock that has no end', caller(rule(', for: 8d', 'lock')), 'expected a duration of at most 7d, found 8d'],
    ['with a rollback to lift', caller(rule(', lift: true')), 'belongs to pause and lock'],
    ['for a lock as long as a rollback', caller(rule(', for: 1h')), 'belongs to the act lock, not to rollback'],
    ['with a secret', caller(rule(''), 'name: a, sender: datadog, secret: x'), '"secret" is not a known key'],
  ])('%s', (_name, text, expected) => {
    expect(problems(text)).toEqual([expect.stringContaining(expected)]);
  });

  it('under a name that another caller has', () => {
    expect(problems(caller(rule('')), caller(rule('')))).toEqual([
      'monitoring[1].name: monitoring[0] has the same name already',
    ]);
  });
});

it('a script may have rules without labels', () => {
  expect(problems(caller('{ act: pause, service: shop }', 'name: watch, sender: script'))).toEqual([]);
});
