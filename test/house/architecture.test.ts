// The rules that every file follows; and each rule shown to catch what it is for. No compiler: import lines.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSources, type SourceFile, sourceFile } from '../../tools/nx/source-file.ts';
import { contentRules } from './architecture/content-rules.ts';
import { importRules } from './architecture/import-rules.ts';
import { roomRules } from './architecture/rooms.ts';
import type { Rule } from './architecture/rule.ts';

const rules: readonly Rule[] = [...roomRules, ...importRules, ...contentRules];
const sources = readSources(join(import.meta.dirname, '../..'));

/** `rule: path what`, for each place that breaks it. */
function violations(rule: Rule, files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => rule.governs(path) && !rule.except.some((each) => each.path === path))
    .flatMap((file) => rule.broken(file).map((what) => `${rule.name}: ${file.path} ${what}`));
}

describe('the sources', () => {
  it('are all read', () => {
    expect(sources.length).toBeGreaterThan(200);
    expect(sources.map(({ path }) => path)).toContain('packages/engine/src/compose/engine.ts');
    expect(
      sources.find(({ path }) => path === 'packages/engine/src/compose/engine.ts')?.imports.length,
    ).toBeGreaterThan(10);
  });
});

describe.each(rules)('$name: $says', (rule) => {
  it('is followed', () => {
    expect(violations(rule, sources)).toEqual([]);
  });

  it('catches what is planted, by its name', () => {
    const planted = sourceFile(rule.planted.path, rule.planted.text);
    expect(violations(rule, [planted]).join('\n')).toMatch(new RegExp(`^${rule.name}: ${rule.planted.path} `));
  });

  it('has no exception that is not needed', () => {
    for (const { path, because } of rule.except) {
      const file = sources.find((each) => each.path === path);
      expect(file && rule.broken(file), `${path}, because ${because}`).not.toHaveLength(0);
      expect(file, `${path} is gone`).toBeDefined();
    }
  });
});

describe('a planted violation', () => {
  it('is found in a type import, a re-export, a dynamic import and a bare one', () => {
    const rule = rules.find(({ name }) => name === 'execa-has-one-home') as Rule;
    const lines = [
      "import type { A } from 'execa';",
      "export { a } from 'execa';",
      "const a = await import('execa');",
      "import 'execa';",
      "import {\n  a,\n  b,\n} from 'execa/deep';",
    ];
    for (const text of lines)
      expect(violations(rule, [sourceFile('apps/cli/src/planted.ts', text)]), text).toHaveLength(1);
  });

  it('is not seen in a comment', () => {
    const rule = rules.find(({ name }) => name === 'only-main-prints') as Rule;
    expect(
      violations(rule, [sourceFile('apps/cli/src/planted.ts', '// console.log\n/* console.log */\nconst a = 1;')]),
    ).toEqual([]);
  });
});
