import { describe, expect, it } from 'vitest';
import type { Effective } from '../../environment/environment.ts';
import { compareSettings } from './compare-settings.ts';

type Marks = Readonly<Record<string, string | readonly [mark: string, file: string]>>;

const effective = (marks: Marks, command = 'c', key = 'k'): Effective => ({
  key,
  command,
  envFiles: [],
  variables: Object.fromEntries(
    Object.entries(marks).map(([name, given]) => {
      const [mark, file] = typeof given === 'string' ? [given] : given;
      return [name, { mark, from: file === undefined ? [] : [file] }] as const;
    }),
  ),
});
const side = (marks: Marks, now: Marks = marks) => ({ startedWith: effective(marks), now: effective(now) });
const noSide = { startedWith: undefined, now: undefined };

describe('the settings of two sides', () => {
  it('are the names that only one has, and those with two values', () => {
    const { variables, commandDiffers } = compareSettings(
      {},
      side({ A: '1', B: '1', C: '1' }),
      side({ B: '2', C: '1', D: '1' }),
    );
    expect(variables?.map(({ name, of }) => [name, of])).toEqual([
      ['A', 'blue'],
      ['B', 'both'],
      ['D', 'green'],
    ]);
    expect(commandDiffers).toBe(false);
  });

  it('cannot be compared where a side does not run, or where marks have different keys', () => {
    const other = { startedWith: effective({}, 'c', 'other'), now: undefined };
    for (const [one, two] of [
      [noSide, side({})],
      [side({}), noSide],
      [side({}), other],
    ] as const)
      expect(compareSettings({}, one, two)).toEqual({ variables: undefined, commandDiffers: undefined });
  });
});

describe('a value', () => {
  const valuesOf = (name: string, value: string, given: Marks[string] = 'new') => {
    const blue = side({ [name]: 'old' }, { [name]: given });
    return compareSettings({ [name]: value }, blue, side({ [name]: given })).variables?.[0]?.values;
  };

  it('is that of the side that was started with what the configuration says now', () => {
    expect(valuesOf('CURRENCY', 'EUR')).toEqual({ green: 'EUR' });
  });

  it.each([
    ['API_TOKEN', 'hunter2'],
    ['DATABASE_URL', 'x'],
    ['db_password', 'hunter2'],
    ['STRIPE_KEY', 'hunter2'],
    ['BACKEND', 'postgres://bob:hunter2@db/shop'],
    ['MAILBOX', 'bob@example.com'],
    ['ANYTHING', 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0'],
    ['CURRENCY', 'a$' + '{SECRET}'],
  ])('is not shown of %s=%s', (name, value) => {
    expect(valuesOf(name, value)).toEqual({});
  });

  it('is not shown of what an env file gives', () => {
    expect(valuesOf('CURRENCY', 'EUR', ['new', '/etc/shop.env'])).toEqual({});
  });
});
