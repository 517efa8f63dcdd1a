// The parts of the repository that have separate targets: each workspace, and in some workspaces each module that has
// tests. nx knows them as projects; the check reads a report of each.

import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface Workspace {
  /** From the root. */
  readonly folder: string;
  /** Of the package. */
  readonly name: string;
  /** What is imported by the package's name, and the source behind it, from the root. */
  readonly doors: ReadonlyMap<string, string>;
}

export interface TestGroup {
  /** As nx knows it: `@bg/cli`, `engine-migrator`. */
  readonly project: string;
  readonly workspace: string;
  /** From the root; all its tests are in it. */
  readonly folder: string;
  /** From the root, at least one. */
  readonly tests: readonly [string, ...string[]];
  /** What vitest writes, from the root. */
  readonly report: string;
}

/** Workspaces whose modules are projects too, and the folder that the modules are in. */
const divided: ReadonlyMap<string, string> = new Map([
  ['packages/engine', 'packages/engine/src'],
  ['test', 'test'],
]);

export function readWorkspaces(root: string): readonly Workspace[] {
  const { workspaces } = readJson(join(root, 'package.json')) as { workspaces: string[] };
  return workspaces
    .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
    .map((file) => workspaceOf(root, dirname(file)))
    .toSorted((left, right) => left.folder.localeCompare(right.folder));
}

function workspaceOf(root: string, folder: string): Workspace {
  const { name, exports = {} } = readJson(join(root, folder, 'package.json')) as {
    name: string;
    exports?: Record<string, string>;
  };
  const doors = Object.entries(exports).map(([door, source]) => [join(name, door), join(folder, source)] as const);
  return { folder, name, doors: new Map(doors) };
}

/** Only those with tests: the others owe no report. */
export function readTestGroups(root: string): readonly TestGroup[] {
  const workspaces = readWorkspaces(root);
  const whole = workspaces.map(({ folder, name }) => ({ project: name, workspace: folder, folder }));
  const modules = workspaces.flatMap(({ folder: workspace }) =>
    modulesOf(root, workspace).map((folder) => {
      return { project: `${basename(workspace)}-${basename(folder)}`, workspace, folder };
    }),
  );
  const parts = [...modules, ...whole];
  return parts.flatMap((part) => {
    const within = parts.map(({ folder }) => folder).filter((folder) => folder.startsWith(`${part.folder}/`));
    const [first, ...others] = testsIn(root, part.folder, within);
    if (first === undefined) return [];
    const own = part.folder === part.workspace ? '' : `-${basename(part.folder)}`;
    return [{ ...part, tests: [first, ...others] as const, report: `${part.workspace}/.test-report${own}.json` }];
  });
}

function modulesOf(root: string, workspace: string): readonly string[] {
  const folder = divided.get(workspace);
  if (folder === undefined) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => join(folder, name))
    .filter((module) => testsIn(root, module, []).length > 0)
    .toSorted();
}

function testsIn(root: string, folder: string, except: readonly string[]): readonly string[] {
  const exclude = (path: string): boolean => basename(path) === 'node_modules' || except.includes(join(folder, path));
  return globSync('**/*.test.ts', { cwd: join(root, folder), exclude })
    .map((path) => join(folder, path))
    .toSorted();
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
