// A file system of a few megabytes that a test fills, empties and makes read-only. Needs root; tests name themselves as
// skipped where it cannot be mounted.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  readonly freeBytes: () => number;
  /** Writes a separate file that takes all the remaining space, to the last block. */
  readonly fill: () => void;
  /** What a person does: removes what fills the disk. */
  readonly makeRoom: () => void;
  readonly setWritable: (isWritable: boolean) => void;
  readonly unmount: () => void;
}

/** A new file system below `folder`, which is made if it is missing. */
export function mountSmallDisk(folder: string, megabytes: number, mostFiles?: number): SmallDisk {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const inodes = mostFiles === undefined ? '' : `,nr_inodes=${mostFiles}`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700${inodes}`, 'tmpfs', folder], {
    stdio: 'pipe',
  });
  return diskAt(folder, megabytes);
}

function diskAt(folder: string, megabytes: number, afterwards = () => {}): SmallDisk {
  const filler = join(folder, 'filler');
  let isMounted = true;
  return {
    folder,
    freeBytes: () => {
      const { bsize, bavail } = statfsSync(folder);
      return bsize * bavail;
    },
    fill: () => {
      if (isMounted) fillUp(filler, megabytes << 20);
    },
    makeRoom: () => rmSync(filler, { force: true }),
    setWritable: (isWritable) =>
      void execFileSync('mount', ['-o', `remount,${isWritable ? 'rw' : 'ro'}`, folder], { stdio: 'pipe' }),
    unmount: () => {
      isMounted = false;
      execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
      afterwards();
    },
  };
}

/** Never more than the size of the small disk, should the path lead to another one. */
function fillUp(path: string, mostBytes: number): void {
  const file = openSync(path, 'a', 0o600);
  const chunk = Buffer.alloc(64 << 10, 1);
  try {
    for (let bytes = fstatSync(file).size; bytes < mostBytes; ) bytes += writeSync(file, chunk);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
  } finally {
    closeSync(file);
  }
}

/** A file system that copies on write; undefined where none can be made. */
export function mountCopyOnWrite(folder: string, megabytes: number): SmallDisk | undefined {
  const image = `${folder}.img`;
  const run = (program: string, ...words: readonly string[]) => execFileSync(program, words, { stdio: 'pipe' });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(image, '');
    truncateSync(image, megabytes << 20);
    run('mkfs.btrfs', '-q', '-f', image);
    run('mount', '-o', 'loop', image, folder);
    chmodSync(folder, 0o700);
  } catch {
    rmSync(image, { force: true });
    return undefined;
  }
  const disk = diskAt(folder, megabytes, () => rmSync(image, { force: true }));
  return {
    ...disk,
    makeRoom: () => {
      disk.makeRoom();
      // It counts blocks as free before it can give them away.
      run('sync', '-f', folder);
    },
  };
}

/** A file system with a quota of `megabytes`, though it has many more; undefined where none can be made. */
export function mountQuota(folder: string, megabytes: number): { readonly unmount: () => void } | undefined {
  const image = `${folder}.img`;
  const run = (program: string, ...words: readonly string[]) => execFileSync(program, words, { stdio: 'pipe' });
  const unmount = (): void => {
    run('umount', '-l', folder);
    rmSync(image, { force: true });
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(image, '');
    truncateSync(image, 128 << 20);
    run('mkfs.btrfs', '-q', '-f', image);
    run('mount', '-o', 'loop', image, folder);
  } catch {
    rmSync(image, { force: true });
    return undefined;
  }
  try {
    run('btrfs', 'quota', 'enable', folder);
    run('btrfs', 'qgroup', 'limit', `${megabytes}M`, folder);
    return { unmount };
  } catch {
    unmount();
    return undefined;
  }
}

let possible: boolean | undefined;

export function canMountDisks(): boolean {
  possible ??= process.getuid?.() === 0 && tryMount();
  return possible;
}

function tryMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'bg-mount-'));
  try {
    mountSmallDisk(folder, 1).unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
