import { beforeAll, describe, expect, it } from 'vitest';
import { postgresDialect } from '../postgres/dialect.ts';
import { postgresRules } from '../postgres/rules/rules.ts';
import { styleRules } from '../postgres/rules/style.ts';
import { sqliteDialect } from '../sqlite/dialect.ts';
import { sqliteRules } from '../sqlite/rules/rules.ts';
import { examplesFor, type Kind, pageNames, readPage } from '../testing/hazard-pages.ts';
import { lintSections, sectionsOf } from '../testing/sections.ts';
import { fileRules, type HazardClass } from './finding.ts';

interface Recipients {
  readonly id: string;
  readonly classes: readonly HazardClass[];
  readonly allowedIn: readonly string[];
  readonly severity?: string;
}

const kinds = [
  {
    kind: 'postgres' as const,
    title: 'PostgreSQL',
    dialect: postgresDialect,
    rules: [...postgresRules, ...styleRules] as readonly Recipients[],
  },
  { kind: 'sqlite' as const, title: 'SQLite', dialect: sqliteDialect, rules: sqliteRules as readonly Recipients[] },
];
const classWords: Readonly<Record<HazardClass, string>> = {
  'breaks-old': 'breaks the old release',
  locks: 'makes users wait',
  'loses-data': 'loses data',
  'depends-on-data': 'may fail, depending on the rows',
  transaction: 'mistakes the transaction',
  style: 'style',
};

beforeAll(postgresDialect.load);

it('the list names every page', () => {
  const list = readPage('README.md');
  for (const name of pageNames().filter((each) => each !== 'README.md')) expect(list, name).toContain(`](${name})`);
});

it('each file rule has a page', () => {
  const known = pageNames();
  for (const rule of fileRules) expect(known).toContain(`${rule}.md`);
});

describe.each(kinds)('the pages for $title', ({ kind, title, dialect, rules }) => {
  const examples = examplesFor(kind as Kind);

  it('exist for every rule, and for no other', () => {
    expect(examples.map(({ rule }) => rule).toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
  });

  it.each(examples)('say what the rule is: $rule', ({ rule, text }) => {
    const it = rules.find(({ id }) => id === rule);
    const part = text.slice(text.indexOf(`## ${title}`));
    const classes = (it?.classes ?? []).map((each) => classWords[each]).join(', ');
    const stages = it?.allowedIn.length === 0 ? 'no stage' : (it?.allowedIn ?? []).join(', ');
    const sentence = `${classes}. Allowed in: ${stages}.`;
    expect(
      part.split('\n')[2]?.toLowerCase().endsWith(sentence.toLowerCase()),
      `${part.split('\n')[2]} / ${sentence}`,
    ).toBe(true);
  });

  it.each(examples)('show what the lint reports: $rule', ({ rule, unsafe, safe }) => {
    const found = lintSections(dialect, unsafe, { withStyle: true }).find((each) => each.rule === rule);
    expect(found?.rule).toBe(rule);
    // A page may leave out a safe form that its example cannot show.
    if (safe !== undefined) expect(found?.safe).toBe(safe);
  });

  it.each(examples.filter(({ safe }) => safe !== undefined))('has a safe form without this hazard: $rule', (each) => {
    const sections = sectionsOf(each.safe ?? '');
    expect(sections.length).toBeGreaterThan(0);
    const others = lintSections(dialect, each.unsafe)
      .map(({ rule }) => rule)
      .filter((rule) => rule !== each.rule);
    const left = lintSections(dialect, sections).filter(({ severity }) => severity !== 'warning');
    expect(left.map(({ rule }) => rule).filter((rule) => !others.includes(rule))).toEqual([]);
  });
});
