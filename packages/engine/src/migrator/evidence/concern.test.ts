// Which releases a change concerns, and what excuses it; the verdict that follows.

import { describe, expect, test } from 'vitest';
import { concernEvidence } from './concern.ts';
import type { Change, ChangeKind } from './diff.ts';
import { type ReleaseNeeds, useOf } from './needs.ts';
import { mayContract, mayExpand, verdictOf } from './report.ts';
import { aRelease } from './testing-release.ts';

const file = '003_nick.contract.sql';
const change = (kind: ChangeKind, object = 'users.nick'): Change => ({
  kind,
  file,
  object,
  table: 'users',
  sentence: `${object}: ${kind}`,
});

const concerned = (
  kind: ChangeKind,
  needs: Partial<ReleaseNeeds>,
  more: {
    readonly smoke?: 'passed';
    readonly accepted?: string;
    readonly object?: string;
    readonly star?: string;
  } = {},
) => {
  const release = aRelease('v1', needs);
  const [found] = concernEvidence([change(kind, more.object)], {
    release,
    use: { ...useOf([], () => undefined), stars: more.star === undefined ? [] : [more.star] },
    smoke: more.smoke ?? 'absent',
    accepted: more.accepted === undefined ? {} : { [file]: more.accepted },
  });
  return found?.effect;
};

const reads = { declared: { reads: ['users.nick'], writes: [] } };
const writes = { declared: { reads: [], writes: ['users'] } };
const other = { declared: { reads: ['orders'], writes: ['orders'] } };

describe('a change of the schema', () => {
  test('that takes away what a release declares to need breaks it, whatever else speaks for it', () => {
    expect(concerned('gone', reads)).toBe('breaks');
    expect(concerned('gone', { ...reads, files: [file] })).toBe('breaks');
    expect(concerned('gone', reads, { smoke: 'passed', accepted: 'nobody reads it' })).toBe('breaks');
  });

  test('concerns no release that declares to need something else', () => {
    for (const kind of ['gone', 'retyped', 'rule-added', 'row-security', 'grant-gone', 'required-added'] as const)
      expect(concerned(kind, other), kind).toBeUndefined();
  });

  test('concerns readers or writers, as it is of reading or writing', () => {
    expect([concerned('tightened', reads), concerned('tightened', writes)]).toEqual([undefined, 'unclear']);
    expect([concerned('loosened', reads), concerned('loosened', writes)]).toEqual(['unclear', undefined]);
    expect(concerned('rule-added', writes, { object: 'users' })).toBe('unclear');
    expect(concerned('required-added', { declared: { reads: [], writes: ['users'] } })).toBe('breaks');
  });

  test('is unclear for a release whose needs are unknown, unless it adds or widens', () => {
    for (const kind of ['gone', 'tightened', 'rule-added', 'behaves', 'label-gone'] as const)
      expect(concerned(kind, {}), kind).toBe('unclear');
    for (const kind of ['column-added', 'widened', 'rule-gone', 'default-changed'] as const)
      expect(concerned(kind, {}), kind).toBeUndefined();
  });

  test('is said only where the release carries the file, its smoke tests passed, or its author has a reason', () => {
    expect(concerned('gone', { files: [file] })).toBe('said');
    expect(concerned('rule-added', writes, { smoke: 'passed', object: 'users' })).toBe('said');
    expect(concerned('rule-added', writes, { accepted: 'checked by hand', object: 'users' })).toBe('said');
  });

  test('that takes a column from SELECT * is unclear: the program may read it, unless it was written without', () => {
    const star = { statements: ['SELECT * FROM users'] };
    expect(concerned('gone', star, { star: 'users' })).toBe('unclear');
    expect(concerned('gone', star, { star: 'orders' })).toBeUndefined();
    expect(concerned('gone', { ...star, files: [file] }, { star: 'users' })).toBe('said');
  });

  test('that makes rows unique is not excused by smoke tests, which do not have the rows', () => {
    expect(concerned('unique-added', writes, { smoke: 'passed', object: 'users' })).toBe('unclear');
  });
});

describe('a verdict', () => {
  const seen = { release: 'v1', source: 'manifest', statements: 0, prepared: 0, smoke: 'absent' } as const;
  const unseen = { ...seen, source: 'none' } as const;
  const finding = (effect: 'breaks' | 'unclear' | 'said') =>
    ({ layer: 'diff', release: 'v1', file, object: 'users', classes: [], effect, sentence: '' }) as const;

  test('is incompatible for what breaks, unknown for what is unclear or unseen, compatible for the rest', () => {
    expect(verdictOf([finding('unclear'), finding('breaks')], [seen], true)).toBe('incompatible');
    expect(verdictOf([finding('unclear')], [seen], true)).toBe('unknown');
    expect(verdictOf([], [seen, unseen], true)).toBe('unknown');
    expect(verdictOf([], [{ ...unseen, smoke: 'passed' }], true)).toBe('compatible');
    expect(verdictOf([finding('said')], [seen], true)).toBe('compatible');
    expect(verdictOf([], [seen], false)).toBe('unknown');
    expect(verdictOf([], [{ ...seen, source: 'own files' }], false)).toBe('compatible');
  });

  test('of unknown lets a schema grow, and never shrink', () => {
    expect(mayExpand({ verdict: 'unknown', additive: true })).toBe(true);
    expect(mayExpand({ verdict: 'unknown', additive: false })).toBe(false);
    expect(mayExpand({ verdict: 'incompatible', additive: true })).toBe(false);
    expect(mayContract({ verdict: 'unknown' })).toBe(false);
    expect(mayContract({ verdict: 'compatible' })).toBe(true);
  });
});
