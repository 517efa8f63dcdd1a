// What the bundle loads from node_modules at run time, copied next to it.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { external } from './bundle.ts';
import { closure } from './closure.ts';

/** C sources of SQLite, which the compiled file beside them has in it. */
const sources = /\/better-sqlite3\/(deps|src)(\/|$)/;
/** At the top of a package. Those of ssh2 hold private keys, which scanners of images report. */
const tests = /^\/(tests?|__tests__|examples?|benchmarks?)(\/|$)/;

/** @param leaveOut what a copy does not need: absolute paths */
export function copyDependencies(root: string, home: string, leaveOut: (path: string) => boolean = () => false): void {
  for (const { folder: from, path } of closure(root, external))
    cpSync(from, join(home, path), {
      recursive: true,
      dereference: true,
      filter: (each) => !isLeftOut(each, each.slice(from.length)) && !leaveOut(each),
    });
}

/** A nested copy of another package is in the list by itself. */
const isLeftOut = (path: string, inPackage: string): boolean =>
  sources.test(path) || tests.test(inPackage) || inPackage.includes('/node_modules');
