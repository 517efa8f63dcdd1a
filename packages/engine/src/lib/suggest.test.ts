import { expect, test } from 'vitest';
import { suggest } from './suggest.ts';

test.each([
  ['deplyo', ['deploy', 'status'], 'deploy'],
  ['stauts', ['deploy', 'status'], 'status'],
  ['shpo', ['shop', 'api'], 'shop'],
  ['ship', ['shop', 'api'], 'shop'],
  ['post', ['shop', 'api'], undefined],
  ['FAILED-SIDE', ['failedSide', 'file'], 'failedSide'],
  ['anything', [], undefined],
])('a slip of the finger: "%s" among %j is %s', (written, known, meant) => {
  expect(suggest(written, known)).toBe(meant);
});

test('how far the nearest word may be is chosen', () => {
  expect(suggest('prt', ['port'])).toBe('port');
  expect(suggest('smoke', ['smokeTests'])).toBeUndefined();
  expect(suggest('smoke', ['smokeTests'], 'half')).toBe('smokeTests');
  expect(suggest('expnad', ['expand'], 1)).toBeUndefined();
  expect(suggest('expnad', ['expand'], 3)).toBe('expand');
  expect(suggest('zzz', ['port', 'url'], 'any')).toBe('url');
});

test('a very long word is compared by its beginning', () => {
  expect(suggest('x'.repeat(1_000_000), ['port'], 'half')).toBeUndefined();
});
