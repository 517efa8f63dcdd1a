import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { casesOf, expectedOf, lintSections, reported, sectionsOf } from '../../testing/sections.ts';
import { postgresDialect } from '../dialect.ts';
import { parsePostgres } from '../parse.ts';
import { postgresRules } from './rules.ts';

const cases = casesOf(readFileSync(join(import.meta.dirname, 'corpus', 'hazards.sql'), 'utf8'));

beforeAll(postgresDialect.load);

describe('a migration with a hazard', () => {
  it('has many forms', () => {
    expect(cases.length).toBeGreaterThanOrEqual(120);
  });

  it.each(cases)('is reported by the rules that are meant, and no others: $title', (each) => {
    expect(reported(lintSections(postgresDialect, each.sections))).toEqual(expectedOf(each));
  });

  it('meets every rule', () => {
    const met = new Set(cases.flatMap(({ sections }) => sections.flatMap(({ expected }) => expected)));
    expect(postgresRules.map(({ id }) => id).filter((id) => !met.has(id))).toEqual([]);
  });
});

describe('a safe form', () => {
  it.each(cases)('is SQL: $title', ({ sections }) => {
    for (const { safe } of lintSections(postgresDialect, sections))
      for (const { text } of sectionsOf(safe ?? '')) expect(parsePostgres(text), text).toMatchObject({ ok: true });
  });

  it.each(cases)('leaves only hazards that another rule reports of the same: $title', ({ sections }) => {
    const before = lintSections(postgresDialect, sections);
    for (const { rule, safe } of before) {
      const others = before.filter((each) => each.rule !== rule).map((each) => each.rule);
      const after = lintSections(postgresDialect, sectionsOf(safe ?? '')).filter(
        ({ severity }) => severity !== 'warning',
      );
      expect(
        after.map((each) => each.rule).filter((each) => !others.includes(each)),
        safe,
      ).toEqual([]);
    }
  });
});
