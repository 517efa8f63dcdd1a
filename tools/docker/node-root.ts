// The files of an image that runs this Node, where no registry can be asked for one: the program, the libraries that it
// is linked with, and accounts.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The account that an image runs as unless its user says otherwise. */
export const plainAccount = { name: 'node', id: 1000 } as const;

const folders = ['etc', 'tmp', 'usr/bin'];

/** About 130 MB. @param root an existing folder @throws Error where the system has no `ldd` */
export function layNodeRoot(root: string, programs: Programs = { '/usr/bin/node': process.execPath }): void {
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  const libraries = Object.values(programs).flatMap(librariesOf);
  for (const [to, from] of [...Object.entries(programs), ...libraries.map((each) => [each, each] as const)]) {
    mkdirSync(join(root, dirname(to)), { recursive: true, mode: 0o755 });
    copyFileSync(from, join(root, to));
  }
  const { name, id } = plainAccount;
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/:/sbin/nologin\n${name}:x:${id}:${id}::/:/sbin/nologin\n`);
  writeFileSync(join(root, 'etc/group'), `root:x:0:\n${name}:x:${id}:\n`);
}

/** Where a program is in the image, and where it is here: absolute paths. */
type Programs = Readonly<Record<string, string>>;

/** `ldd` names a path for each, the loader included, but for what the kernel provides. */
function librariesOf(program: string): readonly string[] {
  const said = execFileSync('ldd', [program], { encoding: 'utf8' });
  const paths = [...said.matchAll(/(\/\S+)/g)].map(([, path = '']) => path);
  return [...new Set(paths)].filter((path) => existsSync(path));
}
