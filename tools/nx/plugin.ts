// nx's projects and targets, read from the sources: the inputs of a target are what its files import or name by path, so
// that nx runs again only what a change can touch. There is no list to maintain.

import {
  type CreateDependencies,
  type CreateNodes,
  DependencyType,
  type TargetConfiguration,
} from 'nx/src/devkit-exports.js';
import { readTestGroups, readWorkspaces, type TestGroup, type Workspace } from './groups.ts';
import { createReader, type Reader } from './reached.ts';
import { readSources, type SourceFile } from './source-file.ts';

export const name = 'targets-from-sources';

/** What changes every result. */
const always = ['package-lock.json', 'tsconfig.base.json', 'vitest.config.ts', 'tools/nx/**/*'];
/**
 * They read the whole repository: its rules, its lock file, a clone of it. What runs the demonstration on its usual ports is
 * there too, since two groups may run at a time.
 */
const readAll = new Set(['test/house']);

interface Repository extends Reader {
  readonly workspaces: readonly Workspace[];
  readonly groups: readonly TestGroup[];
  readonly sources: readonly SourceFile[];
}

export function readRepository(root: string): Repository {
  const workspaces = readWorkspaces(root);
  const sources = readSources(root);
  const doors = new Map(workspaces.flatMap((each) => [...each.doors]));
  return { workspaces, groups: readTestGroups(root), sources, ...createReader({ root, sources, doors }) };
}

export const createNodes: CreateNodes = [
  'nx.json',
  ([file = 'nx.json'], _, { workspaceRoot }) => {
    const projects: Record<string, { name: string; targets: Record<string, TargetConfiguration> }> = {};
    for (const target of targetsOf(readRepository(workspaceRoot))) {
      const project = projects[target.folder] ?? { name: target.project, targets: {} };
      project.targets[target.target] = configured(target);
      projects[target.folder] = project;
    }
    return [[file, { projects }]];
  },
];

function configured({ command, cwd, inputs, outputs }: Target): TargetConfiguration {
  const inRoot = (paths: readonly string[]): string[] => paths.map((path) => `{workspaceRoot}/${path}`);
  return { command, options: { cwd }, cache: true, inputs: inRoot(inputs), outputs: inRoot(outputs) };
}

interface Target {
  readonly project: string;
  /** Of the project, from the root. */
  readonly folder: string;
  readonly target: 'typecheck' | 'lint' | 'test';
  readonly command: string;
  /** From the root. */
  readonly cwd: string;
  /** Files from the root, and folders as `folder/**\/*`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export function targetsOf(repository: Repository): readonly Target[] {
  const workspaces = repository.workspaces.flatMap((each) => [typecheck(each, repository), lint(each)]);
  return [...workspaces, ...repository.groups.map((group) => test(group, repository))].map((target) => {
    return { ...target, inputs: [...new Set([...always, ...target.inputs])].toSorted() };
  });
}

function typecheck({ folder, name: project }: Workspace, { sources, reachedFrom }: Repository): Target {
  const own = sources.map(({ path }) => path).filter((path) => path.startsWith(`${folder}/`));
  const inputs = [`${folder}/**/*`, ...reachedFrom(own, true).sources];
  return { project, folder, target: 'typecheck', command: 'tsc -p tsconfig.json', cwd: folder, inputs, outputs: [] };
}

function lint({ folder, name: project }: Workspace): Target {
  const inputs = [`${folder}/**/*`, 'biome.json'];
  return { project, folder, target: 'lint', command: 'biome check .', cwd: folder, inputs, outputs: [] };
}

function test(group: TestGroup, { groups, reachedFrom }: Repository): Target {
  const { folder, workspace, project, tests, report } = group;
  const { sources, files } = reachedFrom(tests, false);
  const named = [...files].map((path) => (path.endsWith('/') ? `${path}**/*` : path));
  const within = (path: string): string => path.slice(workspace.length + 1);
  const where = folder === workspace ? [] : ['--dir', within(folder)];
  const inner = groups.filter((each) => each.folder.startsWith(`${folder}/`));
  const except = inner.flatMap((each) => ['--exclude', `'${within(each.folder)}/**'`]);
  const command = ['vitest run', ...where, ...except, `--outputFile.json=${within(report)}`].join(' ');
  // Fixtures are next to the tests, and found by name only when these run.
  const inputs = readAll.has(folder) ? ['**/*'] : [`${folder}/**/*`, ...sources, ...named];
  return { project, folder, target: 'test', command, cwd: workspace, inputs, outputs: [report] };
}

/** For `nx affected`: by the files that run, not by types, which nothing but a type check sees. */
export const createDependencies: CreateDependencies = (_, { projects, workspaceRoot }) => {
  const { sources, directly } = readRepository(workspaceRoot);
  const folders = Object.entries(projects).map(([project, { root }]) => [root, project] as const);
  // The deepest folder owns a file.
  const owners = folders.toSorted(([left], [right]) => right.length - left.length);
  const ownerOf = (path: string): string | undefined => owners.find(([folder]) => path.startsWith(`${folder}/`))?.[1];
  return sources.flatMap(({ path: sourceFile }) => {
    const source = ownerOf(sourceFile);
    const targets = new Set(directly(sourceFile).map(ownerOf));
    return [...targets].flatMap((target) => {
      if (source === undefined || target === undefined || source === target) return [];
      return [{ source, target, sourceFile, type: DependencyType.static }];
    });
  });
};
