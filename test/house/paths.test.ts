// New developers read docs/paths.md with an editor: each function is where it says, and each call is made.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Hop {
  readonly path: string;
  readonly hop: number;
  readonly file: string;
  readonly name: string;
  readonly next: string;
}

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function hopsOf(text: string): readonly Hop[] {
  return text.split(/^## /m).flatMap((part) =>
    [...part.matchAll(/^\| (\d+) \| `([^`]+)` \| `([^`]+)` \| (\w+) \|/gm)].map(
      ([, hop, file = '', name = '', next = '']) => {
        return { path: part.split('\n')[0] ?? '', hop: Number(hop), file, name, next };
      },
    ),
  );
}

/** Declared as a function, a value or a method. */
function declares(text: string, name: string): boolean {
  return new RegExp(`(function|const) ${name}\\b|^\\s+(async )?${name}\\??[(:]`, 'm').test(text);
}

/** Undefined where it is true. */
function wrong(hop: Hop, following: Hop | undefined): string | undefined {
  const text = read(hop.file);
  if (!declares(text, hop.name)) return `${hop.file} has no ${hop.name}`;
  if (hop.next === 'calls' && following === undefined) return `hop ${hop.hop} is the last and calls nothing`;
  if (hop.next === 'calls' && following && !calledIn(text, hop, following))
    return `${hop.file} does not call ${following.name}`;
  return /^(calls|asks|writes|returns)$/.test(hop.next) ? undefined : `hop ${hop.hop} says ${hop.next}`;
}

/** The file's own functions are called by their name; others are, or are handed on by it. */
function calledIn(text: string, hop: Hop, { name, file }: Hop): boolean {
  const found = text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
  return found > (file === hop.file ? 1 : 0);
}

const hops = hopsOf(read('docs/paths.md'));

it('are three, of some length', () => {
  expect(new Set(hops.map(({ path }) => path)).size).toBe(3);
  expect(hops.length).toBeGreaterThan(40);
});

describe.each(hops)('$path, hop $hop', (hop) => {
  it(`${hop.name} is in ${hop.file}, and goes on as it says`, () => {
    // One that returns is called by the hop before, which goes on itself.
    const after = hops.filter(({ path, hop: number }) => path === hop.path && number > hop.hop);
    expect(wrong(hop, after[0])).toBeUndefined();
  });
});

it('a function that is gone, and a call that is not made, are noticed', () => {
  const [first] = hops as readonly [Hop];
  expect(wrong({ ...first, name: 'gone' }, first)).toBe(`${first.file} has no gone`);
  expect(wrong(first, { ...first, file: 'elsewhere.ts', name: 'gone' })).toBe(`${first.file} does not call gone`);
});
