// An image for tests without any registry: the Node that runs the tests, a shell, and the libraries of both.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';

export const testImage = 'bluegreen-test/node:1';

/** Does nothing where it is. `folder`: a place for 150 MB, on a disk. */
export async function importTestImage(docker: Docker, folder: string): Promise<void> {
  if (
    await docker
      .getImage(testImage)
      .inspect()
      .then(Boolean, () => false)
  )
    return;
  const root = mkdtempSync(join(folder, 'image-'));
  try {
    layOut(root);
    const archive = `${root}.tar`;
    execFileSync('tar', ['-C', root, '-cf', archive, '.']);
    const [repo, tag] = testImage.split(':');
    const stream = await docker.importImage(createReadStream(archive), { repo, tag });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
    });
    rmSync(archive);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function layOut(root: string): void {
  for (const folder of ['bin', 'usr/bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'run'])
    mkdirSync(join(root, folder), { recursive: true });
  // As in every image: runc gives a tmpfs the mode of what it is mounted over.
  chmodSync(join(root, 'tmp'), 0o1777);
  const programs = { 'usr/bin/node': process.execPath, 'bin/sh': realpathSync('/bin/sh') };
  for (const [to, from] of Object.entries(programs)) copyFileSync(from, join(root, to));
  for (const library of new Set(Object.values(programs).flatMap(librariesOf))) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
}

/** As the loader finds them: `ldd` names a path for each but the one that the kernel provides. */
function librariesOf(program: string): readonly string[] {
  const said = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...said.matchAll(/(\/\S+)/g)].map(([, path = '']) => path).filter((path) => existsSync(path));
}
