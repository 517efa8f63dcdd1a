// The folder that `docker build` gets: the Dockerfile, and the package with its dependencies, which BASE runs as they are.

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyDependencies } from './copy-dependencies.ts';

/** Types, maps and papers of packages: nothing reads them at run time. Licences stay. */
const unread = /\.(d\.[cm]?ts|ts|map|md|markdown)$/;
const isLicence = /\/(licen[cs]e|copying|notice)[^/]*$/i;

interface Plan {
  /** Of the repository. */
  readonly root: string;
  /** What `buildPackage` has written. */
  readonly folder: string;
  /** Replaced. */
  readonly into: string;
}

export function layImageContext({ root, folder, into }: Plan): void {
  rmSync(into, { recursive: true, force: true });
  const home = join(into, 'bluegreen');
  mkdirSync(home, { recursive: true });
  const shared = join(folder, 'share');
  cpSync(folder, home, { recursive: true, filter: (path) => !path.startsWith(shared) });
  copyDependencies(root, home, (path) => unread.test(path) && !isLicence.test(path));
  const docker = join(root, 'deploy/docker');
  cpSync(join(docker, 'healthcheck.mjs'), join(home, 'healthcheck.mjs'));
  cpSync(join(docker, 'Dockerfile'), join(into, 'Dockerfile'));
}
