import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeHelp, exitCodeOf, exitCodes } from './exit.ts';

describe('the exit code of a deployment that ended', () => {
  it.each([
    ['promoted', 'forward', 0],
    ['promoted', 'back', 0],
    ['failed', 'forward', 1],
    ['rolled-back', 'forward', 1],
    ['aborted', 'forward', 1],
    ['cancelled', 'forward', 1],
    ['superseded', 'forward', 1],
    ['aborted', 'back', 0],
    ['rolled-back', 'back', 0],
    ['failed', 'back', 1],
    ['halted', 'forward', 4],
    ['halted', 'back', 4],
  ] as const)('%s, when %s was wished for, is %i', (kind, desired, code) => {
    expect(exitCodeOf({ kind }, desired)).toBe(code);
  });
});

describe('every exit code', () => {
  it.each(Object.values(exitCodes))('%i is explained in --help and in the README', (code) => {
    expect(exitCodeHelp).toMatch(new RegExp(`^  ${code} `, 'm'));
    expect(readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')).toMatch(
      new RegExp(`^\\| ${code} \\|`, 'm'),
    );
  });
});
