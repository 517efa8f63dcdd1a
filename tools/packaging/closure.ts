// Packages and all that they depend on, as npm has laid them out in node_modules.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

interface Manifest {
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  /** npm installs them too, unless they are marked as optional. */
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
  /** Absolute. */
  readonly folder: string;
  /** From the root of the repository: `node_modules/pino`. */
  readonly path: string;
}

/** In no order; each copy once. Optional ones that are not installed are left out. @throws Error for a missing one */
export function closure(root: string, names: readonly string[]): readonly InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const visit = (name: string, from: string, isOptional: boolean): void => {
    const folder = locate(name, from, root);
    if (folder === undefined) {
      if (isOptional) return;
      throw new Error(`${name} is not installed, which ${relative(root, from) || 'the package'} needs`);
    }
    if (found.has(folder)) return;
    const manifest = readManifest(folder);
    found.set(folder, describe(root, name, folder, manifest));
    const optional = Object.keys(manifest.optionalDependencies ?? {});
    for (const each of Object.keys(manifest.dependencies ?? {})) visit(each, folder, optional.includes(each));
    for (const each of Object.keys(manifest.peerDependencies ?? {}))
      if (manifest.peerDependenciesMeta?.[each]?.optional !== true) visit(each, folder, false);
    for (const each of optional) visit(each, folder, true);
  };
  for (const name of names) visit(name, root, false);
  return [...found.values()];
}

/** The package that a module inside node_modules belongs to; undefined for a module of our own. */
export function packageOf(root: string, module: string): InstalledPackage | undefined {
  const marker = 'node_modules/';
  const at = module.lastIndexOf(marker);
  if (at < 0) return undefined;
  const [first = '', second = ''] = module.slice(at + marker.length).split('/');
  const name = first.startsWith('@') ? `${first}/${second}` : first;
  const folder = join(module.slice(0, at + marker.length).replaceAll('\0', ''), name);
  return describe(root, name, folder, readManifest(folder));
}

const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

function describe(root: string, name: string, folder: string, { version, license }: Manifest): InstalledPackage {
  return { name, version, license, folder, path: relative(root, folder) };
}

function locate(name: string, from: string, root: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === root || at === dirname(at)) return undefined;
  }
}
