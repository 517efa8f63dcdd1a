import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { casesOf, expectedOf, lintSections, reported, sectionsOf } from '../../testing/sections.ts';
import { sqliteDialect } from '../dialect.ts';
import { parseSqlite } from '../parse.ts';
import { sqliteRules } from './rules.ts';

const corpus = (name: string) => casesOf(readFileSync(join(import.meta.dirname, 'corpus', name), 'utf8'));
const [safe, hazards] = [corpus('safe.sql'), corpus('hazards.sql')];

describe('a safe migration', () => {
  it.each(safe)('passes without a word: $title', ({ sections }) => {
    expect(lintSections(sqliteDialect, sections).map(({ rule, statement }) => `${rule}: ${statement}`)).toEqual([]);
  });
});

describe('a migration with a hazard', () => {
  it.each(hazards)('is reported by the rules that are meant, and no others: $title', (each) => {
    expect(reported(lintSections(sqliteDialect, each.sections))).toEqual(expectedOf(each));
  });

  it('meets every rule', () => {
    const met = new Set(hazards.flatMap(({ sections }) => sections.flatMap(({ expected }) => expected)));
    expect(sqliteRules.map(({ id }) => id).filter((id) => !met.has(id))).toEqual([]);
  });
});

describe('a safe form', () => {
  it.each(hazards)('is SQL without another hazard: $title', ({ sections }) => {
    const before = lintSections(sqliteDialect, sections);
    for (const { rule, safe: form = '' } of before) {
      for (const { text } of sectionsOf(form)) expect(parseSqlite(text), text).toMatchObject({ ok: true });
      const others = before.filter((each) => each.rule !== rule).map((each) => each.rule);
      const after = lintSections(sqliteDialect, sectionsOf(form)).map((each) => each.rule);
      expect(
        after.filter((each) => !others.includes(each)),
        form,
      ).toEqual([]);
    }
  });
});
