import { expect, test } from 'vitest';
import { dispatch, entryOf, type Handlers } from './dispatch.ts';

type Shape = { readonly kind: 'circle'; readonly radius: number } | { readonly kind: 'square'; readonly side: number };

test('a value goes to the function of its kind', () => {
  const areas: Handlers<Shape, string, string> = {
    circle: ({ radius }, unit) => `${3 * radius ** 2} ${unit}`,
    square: ({ side }, unit) => `${side ** 2} ${unit}`,
  };
  expect(dispatch<Shape, string, string>(areas, { kind: 'circle', radius: 2 }, 'm²')).toBe('12 m²');
  expect(dispatch<Shape, string, string>(areas, { kind: 'square', side: 3 }, 'm²')).toBe('9 m²');
});

test('a name from outside finds what the table itself has, and nothing that it inherits', () => {
  const table = { push: 1, tag: 2 };
  expect(entryOf(table, 'tag')).toBe(2);
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '', undefined])
    expect(entryOf(table, name)).toBeUndefined();
});
