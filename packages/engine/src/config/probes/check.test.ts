// Continuous smoke tests: what does not fit together is named, with its place.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';
import { isContinuous } from './continuous-smoke.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const found = (lines: string) =>
  bench.problems(edited(['    channel', `${lines}\n    channel`])).map((line) => line.replace(/^\d+:\d+ /, ''));

describe('continuous smoke tests', () => {
  it.each([
    ['    continuousSmoke: {}', []],
    ['    continuousSmoke: { interval: 10s, failures: 1, standby: blocked }\n    guard: { smokeTests: rollback }', []],
    [
      '    continuousSmoke: { standby: off }\n    guard: { smokeTests: rollback }',
      [
        'services.shop.guard.smokeTests: rollback needs a standby that passes the tests, and continuousSmoke.standby is off',
      ],
    ],
    [
      '    guard: { smokeTests: page }',
      ['warning: services.shop.guard.smokeTests: is not looked at, since continuousSmoke is not set'],
    ],
    [
      '    continuousSmoke: { failures: 0 }',
      ['services.shop.continuousSmoke.failures: expected a number of runs from 1 to 100, found 0'],
    ],
  ])('%s', (lines, problems) => {
    expect(found(lines)).toEqual(problems);
  });

  it('without a test that may run again and again are warned of', () => {
    const text = edited(
      ['    channel', '    continuousSmoke: {}\n    channel'],
      ...['one', 'two', 'three'].map((name): [string, string] => [
        `{ name: ${name}, path: / }`,
        `{ name: ${name}, path: /, method: POST }`,
      ]),
    );
    expect(bench.problems(text).join()).toContain(
      'no smoke test here may be run continuously: those that are not GET, HEAD or OPTIONS need continuous: true',
    );
  });

  it.each([
    [{}, true],
    [{ method: 'HEAD' }, true],
    [{ method: 'POST' }, false],
    [{ method: 'DELETE', continuous: true }, true],
    [{ method: 'GET', continuous: false }, false],
  ])('of a test %j: %s', (test, expected) => {
    expect(isContinuous(test)).toBe(expected);
  });
});
