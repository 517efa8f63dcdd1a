// Every page that has an example for MariaDB says what the rules say.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aMigration } from '../../testing/a-migration.ts';
import { mariadbDialect } from '../dialect.ts';

const folder = resolve(import.meta.dirname, '../../../../../../docs/hazards');
const examples = readdirSync(folder)
  .filter((page) => page.endsWith('.md'))
  .flatMap((page) =>
    [...readFileSync(join(folder, page), 'utf8').matchAll(/^```sql mariadb (unsafe|safe)\b.*\n([\s\S]*?)^```/gm)].map(
      ([, kind = '', text = '']) => ({ rule: page.slice(0, -3), kind, text }),
    ),
  );

function rulesOf(text: string): readonly string[] {
  const [, ...sections] = text.split(/^-- (expand|backfill|contract):\n/m);
  const files = Object.fromEntries(
    sections.flatMap((stage, at) => (at % 2 === 0 ? [[stage, sections[at + 1] ?? '']] : [])),
  );
  if (Object.keys(files).length === 0) throw new Error(`no file is named in ${text}`);
  return mariadbDialect.lint([aMigration('001_page', { ...files, revert: 'SELECT 1;' })]).map(({ rule }) => rule);
}

describe('the pages', () => {
  it('contain those of the rules that only MariaDB has', () => {
    const own = examples.filter(({ kind }) => kind === 'unsafe').map(({ rule }) => rule);
    expect(own).toEqual(expect.arrayContaining(['one-object-per-drop', 'converting-charset', 'overriding-sql-mode']));
  });

  it.each(examples)('$rule: its $kind example', ({ rule, kind, text }) => {
    if (kind === 'unsafe') expect(rulesOf(text)).toEqual([rule]);
    else expect(rulesOf(text)).toEqual([]);
  });
});
