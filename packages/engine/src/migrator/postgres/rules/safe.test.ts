import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { casesOf, lintSections, sectionsOf } from '../../testing/sections.ts';
import { postgresDialect } from '../dialect.ts';

const cases = casesOf(readFileSync(join(import.meta.dirname, 'corpus', 'safe.sql'), 'utf8'));

beforeAll(postgresDialect.load);

describe('a safe migration', () => {
  it('has many forms', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it.each(cases)('passes without a word: $title', ({ sections }) => {
    expect(lintSections(postgresDialect, sections).map(({ rule, statement }) => `${rule}: ${statement}`)).toEqual([]);
  });
});

describe('a table of an earlier migration', () => {
  const text = '-- expand:\nCREATE TABLE t (a int);\n-- then expand:\nCREATE INDEX t_a ON t (a);';
  const rules = (options?: Parameters<typeof lintSections>[2]) =>
    lintSections(postgresDialect, sectionsOf(text), options).map(({ rule }) => rule);

  it('may hold rows by now', () => {
    expect(rules()).toEqual(['require-concurrent-index-creation']);
  });

  it('is empty while that migration is pending too', () => {
    expect(rules({ pending: new Set(['001_case', '002_case']) })).toEqual([]);
    expect(rules({ pending: new Set(['002_case']) })).toEqual(['require-concurrent-index-creation']);
  });
});
