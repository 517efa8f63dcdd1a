// On the repository itself: what a change re-runs, and what it does not.

import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTestGroups } from '../../tools/nx/groups.ts';
import { readRepository, targetsOf } from '../../tools/nx/plugin.ts';
import { createReader } from '../../tools/nx/reached.ts';
import { sourceFile } from '../../tools/nx/source-file.ts';

const root = resolve(import.meta.dirname, '../..');
const targets = targetsOf(readRepository(root));

const groups = readTestGroups(root);

/** The percentage of the files of tests that run again after a change of one file. */
function shareOfTests(path: string): number {
  const again = new Set(runAgain(path));
  const filesOf = (of: typeof groups) => of.reduce((sum, { tests }) => sum + tests.length, 0);
  return (100 * filesOf(groups.filter(({ project }) => again.has(`${project}:test`)))) / filesOf(groups);
}

/** The targets that run again after a change of one file: `@bg/cli:lint`. */
function runAgain(path: string): readonly string[] {
  return targets
    .filter(({ inputs }) =>
      inputs.some((input) => input === path || (input.endsWith('**/*') && path.startsWith(input.slice(0, -4)))),
    )
    .map(({ project, target }) => `${project}:${target}`)
    .toSorted();
}

describe('after a change', () => {
  it('of a card, the bot is tested, and what starts the bot', () => {
    expect(runAgain('apps/slack-bot/src/cards/blocks.ts').filter((target) => target.endsWith(':test'))).toEqual([
      '@bg/slack-bot:test',
      'test-house:test',
      'test-package:test',
      'test-slack:test',
      'test-web:test',
    ]);
  });

  it.each([
    ['card', 'apps/slack-bot/src/cards/blocks.ts', 15],
    ['load balancer', 'packages/engine/src/load-balancer/haproxy/runtime.ts', 45],
    ['environment', 'packages/engine/src/environment/process/start.ts', 45],
    ['database', 'packages/engine/src/migrator/postgres/open.ts', 55],
    // The fake migrator of the flow's tests runs the real phases on a fake database.
    ['phase of migrations', 'packages/engine/src/migrator/phases/expand.ts', 65],
    ['plan', 'packages/engine/src/orchestrator/plan/plan.ts', 60],
  ])('of a %s, a part of the tests runs', (_, path, most) => {
    const share = shareOfTests(path);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(most);
  });

  it('of a driver, no module runs that works with any', () => {
    const again = [
      ...runAgain('packages/engine/src/load-balancer/haproxy/runtime.ts'),
      ...runAgain('packages/engine/src/environment/process/start.ts'),
      ...runAgain('packages/engine/src/migrator/sqlite/open.ts'),
    ];
    for (const module of ['config', 'orchestrator', 'builds', 'notify'])
      expect(again).not.toContain(`engine-${module}:test`);
  });

  it('of a judge, an app is tested, but no module that does without it', () => {
    const again = runAgain('packages/engine/src/analysis/judge.ts');
    expect(again).toContain('@bg/cli:test');
    expect(again).toContain('@bg/engine:typecheck');
    expect(again).not.toContain('engine-lib:test');
    expect(again).not.toContain('@bg/simulator:test');
    expect(again).not.toContain('@bg/simulator:typecheck');
  });

  it('of a document, only what reads it', () => {
    expect(runAgain('docs/canary.md')).toEqual(['test-house:test']);
    expect(runAgain('docs/balancers.md')).toContain('engine-load-balancer:test');
  });

  it('of a migration, what opens a state', () => {
    expect(runAgain('migrations/0000_initial.sql')).toContain('engine-state:test');
    expect(runAgain('migrations/0000_initial.sql')).not.toContain('engine-config:test');
  });

  it('of the lock file, all', () => {
    expect(runAgain('package-lock.json')).toHaveLength(targets.length);
  });
});

it('every file of tests is in one group', () => {
  const exclude = (path: string): boolean => path.includes('node_modules');
  const files = ['packages', 'apps', 'tools', 'test', 'bench'].flatMap((folder) =>
    globSync(`${folder}/**/*.test.ts`, { cwd: root, exclude }),
  );
  expect(groups.flatMap(({ tests }) => tests).toSorted()).toEqual(files.toSorted());
});

describe('what a file reaches', () => {
  const doors = new Map([['@bg/engine', 'packages/engine/src/index.ts']]);
  const reach = (text: string, types = false): readonly string[] => {
    const planted = sourceFile('tools/planted.ts', text);
    const sources = [planted, sourceFile('packages/engine/src/index.ts', ''), sourceFile('tools/start.ts', '')];
    const { sources: found, files } = createReader({ root, sources, doors }).reachedFrom(['tools/planted.ts'], types);
    return [...found, ...files].filter((path) => path !== 'tools/planted.ts');
  };

  it.each([
    ["import '@bg/engine';", ['packages/engine/src/index.ts']],
    ["const { a } = await import('./start.ts');", ['tools/start.ts']],
    ["spawn(node, [join(root, 'tools/start.ts')]);", ['tools/start.ts']],
    ["new URL('./start.ts', import.meta.url);", ['tools/start.ts']],
    ["read(join(root, 'README.md'));", ['README.md']],
    ["read(resolve(here, '../migrations'));", ['migrations/']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source
    ['run(`../apps/${app}/src/main.ts`);', ['apps/']],
    ["import type { A } from './start.ts';", []],
    ["a === 'migrations';", []],
    ["read('/etc/passwd'); read('../../elsewhere');", []],
    ["// join(root, 'tools/start.ts')", []],
    ["end.startsWith('../'); link('a', '..'); link('b', './');", []],
  ])('%s', (text, expected) => {
    expect(reach(text)).toEqual(expected);
  });

  it('for a type check: types too, and nothing that is only named', () => {
    expect(reach("import type { A } from './start.ts'; read('README.md');", true)).toEqual(['tools/start.ts']);
  });
});
