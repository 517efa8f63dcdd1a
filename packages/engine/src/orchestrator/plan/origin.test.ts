import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOrigin } from './origin.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-origin-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const say = (text: string): void => writeFileSync(join(folder, 'release.json'), text);

describe('where a release comes from', () => {
  it('is unknown without release.json', () => {
    expect(readOrigin(folder)).toBeUndefined();
  });

  it('is what release.json says', () => {
    say(
      '{"commit":"4f2a9c1d0b","url":"https://code.example.com/c/4f2a9c1d0b","author":"Alice","subject":"New prices"}',
    );
    expect(readOrigin(folder)).toEqual({
      commit: '4f2a9c1d0b',
      url: 'https://code.example.com/c/4f2a9c1d0b',
      author: 'Alice',
      subject: 'New prices',
    });
  });

  it('may be in a file with a byte order mark', () => {
    say('\uFEFF{"commit":"4f2a9c1d0b"}');
    expect(readOrigin(folder)).toEqual({ commit: '4f2a9c1d0b' });
  });

  it.each([
    ['no JSON', '{commit', /is not JSON/],
    ['a commit that is none', '{"commit":"main; rm"}', /commit: expected 7 to 64 hexadecimal digits/],
    ['no commit', '{"author":"Alice"}', /commit:/],
    ['a link that acts', '{"commit":"4f2a9c1d0b","url":"javascript:alert(1)"}', /url:/],
    ['a list', '[]', /the whole:/],
    ['far too much', `{"commit":"${'a'.repeat(70_000)}"}`, /larger than 65536 bytes/],
  ])('is refused with %s, naming the file and the place', (_, text, problem) => {
    say(text);
    expect(() => readOrigin(folder)).toThrow(problem);
    expect(() => readOrigin(folder)).toThrow(/release\.json/);
  });
});
