// The folder that npm packs: launcher, bundle, and the files that the bundle reads.

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundle, external, launched } from './bundle.ts';
import { closure } from './closure.ts';
import { licencesOf } from './licences.ts';

/** What browsers load: no module of the bundle, but handed on like one. */
const pageLibraries = [
  'node_modules/idiomorph/dist/idiomorph.min.js',
  'node_modules/uplot/dist/uPlot.iife.min.js',
  'node_modules/uplot/dist/uPlot.min.css',
];
/** What the engine reads at run time, and what a person copies. From the root of the repository. */
const engineFiles = [
  'packages/engine/src/load-balancer/*/*.hbs',
  'packages/engine/src/environment/process/log-writer.sh',
  'packages/engine/src/notify/mail/templates',
  'migrations',
  'apps/web/page/*.{css,js}',
  ...pageLibraries,
];
const sharedFiles = ['bluegreen.example.yaml', 'bluegreen.schema.json', 'deploy/*'];

/** Replaces `folder`. `root`: of the repository. Returns the version. */
export async function buildPackage(root: string, folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  const { modules } = await bundle(root, join(folder, 'lib'));
  copyInto(root, engineFiles, join(folder, 'lib', 'files'));
  copyInto(root, sharedFiles, join(folder, 'share'));
  copyInto(root, ['README.md', 'LICENSE', 'CHANGELOG.md'], folder);
  writeFileSync(
    join(folder, 'THIRD-PARTY-LICENCES.txt'),
    licencesOf(root, [...modules, ...pageLibraries.map((file) => join(root, file))]),
  );
  writeLaunchers(root, folder);
  const manifest = manifestOf(root);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  writeFrom(folder, ['manual'], 'man/bg.1');
  for (const shell of ['bash', 'zsh', 'fish']) writeFrom(folder, ['completion', shell], `completions/bg.${shell}`);
  return manifest.version;
}

/** Two files of one name would be one: refused. */
function copyInto(root: string, patterns: readonly string[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const file of patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted())
    cpSync(join(root, file), join(folder, basename(file)), { recursive: true, force: false, errorOnExist: true });
}

function writeLaunchers(root: string, folder: string): void {
  const text = readFileSync(join(root, 'tools/packaging/launcher/bg.mjs'), 'utf8');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const name of launched) {
    const file = join(folder, 'bin', `${name}.mjs`);
    writeFileSync(file, text.replace("const program = 'bg';", `const program = '${name}';`));
    chmodSync(file, 0o755);
  }
}

/** What the bundled command prints: it has run once before it is packed. It finds its dependencies above `folder`. */
function writeFrom(folder: string, words: readonly string[], file: string): void {
  const path = join(folder, 'share', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, execFileSync(process.execPath, [join(folder, 'lib', 'bg.mjs'), ...words]));
}

function manifestOf(root: string) {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly description: string;
    readonly license: string;
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const installed = closure(root, external);
  return {
    name: 'bluegreen',
    version: own.version,
    description: own.description,
    license: own.license,
    type: 'module',
    // The engine identifies the processes of services by /proc.
    os: ['linux'],
    engines: { node: '>=18' },
    bin: Object.fromEntries(launched.map((name) => [name, `bin/${name}.mjs`])),
    man: ['share/man/bg.1'],
    dependencies: Object.fromEntries(
      external.map((name) => [name, installed.find((each) => each.path === `node_modules/${name}`)?.version]),
    ),
    optionalDependencies: own.optionalDependencies,
  };
}
