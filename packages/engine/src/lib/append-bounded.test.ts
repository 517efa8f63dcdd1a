import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appendBounded, readBounded } from './append-bounded.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-bounded-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bound = { bytes: 10, files: 2 };

it('appends up to the bound, and then leaves the file as it is', () => {
  const place = join(folder, 'deep', 'er');
  expect(appendBounded(place, 'a', '12345', bound)).toBe(true);
  expect(appendBounded(place, 'a', '67890', bound)).toBe(true);
  expect(appendBounded(place, 'a', 'x', bound)).toBe(false);
  expect(readFileSync(join(place, 'a'), 'utf8')).toBe('1234567890');
});

it('begins a new file with its head, once', () => {
  for (const text of ['1', '2']) appendBounded(folder, 'a', text, { ...bound, head: 'h' });
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('h12');
});

it('makes room for a new file by removing the oldest', () => {
  for (const [at, name] of ['first', 'second'].entries()) {
    appendBounded(folder, name, 'x', bound);
    utimesSync(join(folder, name), at + 1, at + 1);
  }
  appendBounded(folder, 'third', 'x', bound);
  expect(readdirSync(folder).sort()).toEqual(['second', 'third']);
});

it('reads what is there, and says why it does not', () => {
  appendBounded(folder, 'a', '123', bound);
  expect(readBounded(join(folder, 'a'), 10)).toEqual({ found: '123' });
  expect(readBounded(join(folder, 'a'), 2).problem).toContain('is larger than 2 bytes');
  expect(readBounded(join(folder, 'b'), 10).problem).toContain('there is no such file');
  expect(readBounded(folder, 10).problem).toContain('is no file');
});
