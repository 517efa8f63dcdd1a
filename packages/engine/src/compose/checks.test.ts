import { describe, expect, it } from 'vitest';
import { checkConfig } from '../config/check.ts';
import { edited, smallConfig } from '../config/test-config.ts';
import { drivers } from './drivers.ts';

const withChecks = (...checks: readonly string[]) =>
  edited(['    channel: "#deploys"\n', `    channel: "#deploys"\n    judge: { checks: [${checks.join(', ')}] }\n`]);
const read = (text: string) => checkConfig({ file: '/nowhere/bluegreen.yaml', text, environment: {}, drivers });
const problems = (...checks: readonly string[]) =>
  read(withChecks(...checks))
    .problems.filter(({ path }) => path.includes('checks'))
    .map(({ path, message }) => `${path.replace('services.shop.judge.', '')}: ${message}`);

const url = 'url: "http://127.0.0.1:9090"';
const pair = `bad: 'sum(orders_total{slot="{{slot}}",code=~"5.."})', all: 'sum(orders_total{slot="{{slot}}"})'`;
const ofPair = (more = '') =>
  `{ name: orders, source: prometheus, effect: guardrail, ${more}prometheus: { ${url}, ${pair} } }`;

describe('a check', () => {
  it('has defaults for all but its name and what it asks', () => {
    expect(problems(ofPair())).toEqual([]);
    expect(read(withChecks(ofPair())).settings?.targets[0]?.judge.checks).toEqual([
      {
        ...{ name: 'orders', source: 'prometheus', effect: 'guardrail', dryRun: false, isPair: true },
        ...{ intervalMs: 15_000, timeoutMs: 5_000, failures: 0, errors: 3, inconclusive: 3, agree: 0.2 },
        ...{ max: undefined, min: undefined, authorization: undefined },
        settings: {
          ...{ url: 'http://127.0.0.1:9090', scrapeMs: 15_000, lagMs: 15_000, windowMs: 120_000, value: undefined },
          bad: 'sum(orders_total{slot="{{slot}}",code=~"5.."})',
          all: 'sum(orders_total{slot="{{slot}}"})',
        },
      },
    ]);
  });

  it.each([
    [
      '{ name: a, source: graphite }',
      'expected one of prometheus, datadog, cloudwatch, metrics, machine, http, command',
    ],
    ['{ name: a, source: prometheus, dryRun: true }', 'checks[0].prometheus: is missing'],
    [`{ name: a, source: http, dryRun: true, prometheus: { ${url}, ${pair} } }`, 'is of another source'],
    [`{ name: a, source: prometheus, dryRun: true, prometheus: { ${url} } }`, 'expected bad and all, or value alone'],
    [`{ name: a, source: prometheus, dryRun: true, prometheus: { ${url}, value: up, ${pair} } }`, 'or value alone'],
    [
      `{ name: a, source: prometheus, dryRun: true, prometheus: { ${url}, value: up } }`,
      'compares a number with nothing',
    ],
    [
      `{ name: a, source: prometheus, dryRun: true, max: 1, min: 2, prometheus: { ${url}, value: up } }`,
      'is more than max (1)',
    ],
    [
      `{ name: a, source: prometheus, dryRun: true, max: 1, prometheus: { ${url}, value: 'x{s="{{slto}}"}' } }`,
      '{{slto}} is not known',
    ],
    [
      `{ name: a, source: prometheus, dryRun: true, prometheus: { ${url}, bad: 'rate(x{s="{{slot}}"}[1m])', all: 'x{s="{{slot}}"}' } }`,
      'expected the name of a counter',
    ],
    [
      `{ name: a, source: prometheus, dryRun: true, prometheus: { ${url}, bad: x, all: y } }`,
      'asks the same of both sides',
    ],
    [ofPair('max: 5, '), 'expected a share between 0 and 1'],
    [ofPair('min: 0.1, '), 'says nothing of a pair of counters'],
    [ofPair('timeout: 2m, '), 'expected at most 60s'],
    [
      '{ name: a, source: command, dryRun: true, command: { argv: [check] } }',
      'expected the absolute path of a program',
    ],
    [
      '{ name: a, source: command, dryRun: true, authorization: "Bearer x", command: { argv: [/bin/x] } }',
      'command sends none',
    ],
    ['{ name: a, source: command, command: { argv: [/bin/x] } }', 'has no effect set, so it only pauses (signal)'],
    [
      `{ name: a, source: prometheus, dryRun: true, max: 1, prometheus: { ${url}, value: 'rate(x{s="{{slot}}"}[30s])' } }`,
      'looks back 30s, less than four scrapes (15s)',
    ],
    [`{ name: a, source: machine, dryRun: true, machine: { of: memory } }`, 'compares a number with nothing'],
    [
      `{ name: a, source: machine, dryRun: true, max: 5, machine: { of: cpu, worse: 50% } }`,
      'compares both sides, and max',
    ],
    [`{ name: a, source: machine, dryRun: true, machine: { of: disk } }`, 'expected one of cpu, memory, restarts'],
    [`{ name: a, source: machine, dryRun: true, machine: { of: cpu, worse: 0% } }`, 'expected a percentage above 0%'],
    [`{ name: a, source: metrics, dryRun: true, metrics: { bad: 'x{code=~"("}', all: x } }`, 'no regular expression'],
    [`${ofPair()}, ${ofPair()}`, 'checks[0] has the same name already'],
  ])('%s: %s', (check, problem) => {
    expect(problems(check).join('\n')).toContain(problem);
  });

  it('changes the digest, and its token does not', () => {
    const digest = (text: string) => read(text).settings?.digest;
    expect(digest(withChecks(ofPair()))).not.toBe(digest(smallConfig));
    expect(digest(withChecks(ofPair('authorization: "Bearer a", ')))).toBe(
      digest(withChecks(ofPair('authorization: "Bearer b", '))),
    );
  });
});
