// A disk that is full, read-only, forbidden to this user or broken is not damage of the state: no file is moved away.

import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { writeFileAtomic } from '../lib/files.ts';
import { releaseReserve, retainReserve } from '../lib/reserve.ts';
import { storageFault } from '../lib/storage-fault.ts';
import { canMountDisks, mountQuota, mountSmallDisk, type SmallDisk } from '../lib/testing/small-disk.ts';
import { openDatabase } from './database.ts';
import { settleState } from './rest.ts';
import { setAsideCorruptState } from './set-aside.ts';
import { createStore, type Store } from './store.ts';

const opener = resolve(import.meta.dirname, 'testing/open-faulty.ts');
const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bg-disk-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function smallDisk(megabytes = 16): SmallDisk {
  const disk = mountSmallDisk(join(newFolder(), 'state'), megabytes);
  cleanups.push(disk.unmount);
  return disk;
}

function openStore(folder: string): Store {
  const db = openDatabase(folder);
  cleanups.push(() => db.$client.close());
  return createStore({ db, clock: systemClock, redact: (text) => text, committed: () => undefined });
}

const say = (store: Store, sentence = 'a decision'): void =>
  store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence }));

function faultOf(work: () => unknown): { readonly code: unknown; readonly message: string } {
  try {
    work();
    return { code: 'no error', message: '' };
  } catch (thrown) {
    return { code: (thrown as { code?: unknown }).code, message: (thrown as Error).message };
  }
}

const setAside = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.includes('corrupt') || name.startsWith('new-state'));

describe.skipIf(!canMountDisks())('a full disk (needs root and tmpfs)', () => {
  it('is named when the state is opened, and the state file is not moved away', () => {
    const disk = smallDisk();
    openDatabase(disk.folder).$client.close();
    disk.fill();
    expect(faultOf(() => openDatabase(disk.folder))).toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/state\.sqlite is full \(0\.0 MB left\): free at least 32 MB/),
    });
    expect(faultOf(() => setAsideCorruptState(disk.folder, Date.now())).code).toBe('disk-full');
    expect(setAside(disk.folder)).toEqual([]);
    disk.makeRoom();
    say(openStore(disk.folder));
  });

  it('is named before a new state is there', () => {
    const disk = smallDisk(1);
    disk.fill();
    expect(faultOf(() => openDatabase(disk.folder)).code).toBe('disk-full');
  });

  it('keeps a damaged file where it is until the new one is written', () => {
    const disk = smallDisk();
    writeFileSync(join(disk.folder, 'state.sqlite'), 'this was once a database '.repeat(400));
    disk.fill();
    expect(faultOf(() => setAsideCorruptState(disk.folder, Date.now())).code).toBe('disk-full');
    expect(setAside(disk.folder)).toEqual([]);
    expect(statSync(join(disk.folder, 'state.sqlite')).size).toBe(10_000);
    disk.makeRoom();
    expect(setAsideCorruptState(disk.folder, Date.now())).toMatch(/corrupt-\d{4}/);
    say(openStore(disk.folder));
  });

  it('still takes the decisions of a rollback, out of the reserve', () => {
    const disk = smallDisk();
    const store = openStore(disk.folder);
    settleState(store.db);
    disk.fill();
    for (let row = 0; row < 40; row += 1) say(store, 'x'.repeat(2_000));
    expect(disk.freeBytes()).toBeLessThan(1 << 20);
    const before = openStore(disk.folder);
    expect(before.db.$client.prepare('SELECT count(*) FROM audit').pluck().get()).toBe(40);
  });

  it('is opened out of the reserve by a command that comes later', () => {
    const disk = smallDisk();
    const store = openStore(disk.folder);
    settleState(store.db);
    store.db.$client.close();
    disk.fill();
    say(openStore(disk.folder));
  });

  it('is named when the reserve is used up, and everything goes on in the same process after room is made', () => {
    const disk = smallDisk();
    const store = openStore(disk.folder);
    settleState(store.db);
    const exhaust = (): unknown => {
      for (let row = 0; row < 4_000; row += 1) {
        disk.fill();
        const { code } = faultOf(() => say(store, 'x'.repeat(2_000)));
        if (code !== 'no error') return code;
      }
      return 'no end';
    };
    expect(exhaust()).toBe('disk-full');
    expect(faultOf(() => store.note((db) => db.$client.exec(`CREATE TABLE t AS SELECT zeroblob(1000000)`))).code).toBe(
      'disk-full',
    );
    expect(faultOf(() => writeFileAtomic(join(disk.folder, 'a/b.json'), 'x'.repeat(100_000))).code).toBe('disk-full');
    disk.makeRoom();
    say(store);
    settleState(store.db);
    expect(statSync(join(disk.folder, 'disk-reserve')).size).toBe(1 << 20);
  });

  it('leaves half of its reserve to decisions, however much is noted', () => {
    const disk = smallDisk();
    const store = openStore(disk.folder);
    settleState(store.db);
    disk.fill();
    const note = () =>
      store.note((db) => db.$client.exec('CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (zeroblob(20000))'));
    let end = 'no error';
    for (let row = 0; row < 400 && end === 'no error'; row += 1) {
      disk.fill();
      end = String(faultOf(note).code);
    }
    expect([end, statSync(join(disk.folder, 'disk-reserve')).size]).toEqual(['disk-full', 512 << 10]);
    say(store);
  });

  it('gives its reserve to files of the state, part by part', () => {
    const disk = smallDisk();
    retainReserve(disk.folder);
    disk.fill();
    writeFileAtomic(join(disk.folder, 'proxy/shop/routing.json'), 'x'.repeat(50_000));
    expect(statSync(join(disk.folder, 'disk-reserve')).size).toBe((1 << 20) - (256 << 10));
    let parts = 0;
    while (releaseReserve(disk.folder)) parts += 1;
    expect(parts).toBe(3);
  });
});

describe('a disk that cannot be used is no damage:', () => {
  it.skipIf(!canMountDisks())('read-only (needs root and tmpfs)', () => {
    const disk = smallDisk();
    const store = openStore(disk.folder);
    say(store);
    store.db.$client.close();
    disk.setWritable(false);
    expect(faultOf(() => openDatabase(disk.folder)).code).toBe('disk-read-only');
    expect(faultOf(() => setAsideCorruptState(disk.folder, Date.now())).code).toBe('disk-read-only');
    disk.setWritable(true);
    expect(setAside(disk.folder)).toEqual([]);
    say(openStore(disk.folder));
  });

  it.skipIf(!isRoot)('closed to this user: the folder, the file (needs root, to become another user)', async () => {
    const folder = newFolder();
    openDatabase(folder).$client.close();
    const asUnprivileged = async () => (await run(process.execPath, [opener, folder, 'nobody'])).stdout;
    chmodSync(folder, 0o700);
    expect(await asUnprivileged()).toMatch(/^no-permission: this user \(uid 65534\) may not use /);
    chmodSync(folder, 0o755);
    expect(await asUnprivileged()).toMatch(/^no-permission: .*state\.sqlite/);
    chmodSync(join(folder, 'state.sqlite'), 0o644);
    expect(await asUnprivileged()).toMatch(/^no-permission/);
    expect(setAside(folder)).toEqual([]);
    say(openStore(folder));
  });

  it('no file may be opened any more', async () => {
    const folder = newFolder();
    openDatabase(folder).$client.close();
    const command = 'ulimit -n 60; exec "$0" "$@"';
    const { stdout } = await run('sh', ['-c', command, process.execPath, opener, folder, 'crowded']);
    expect(stdout).toMatch(/^too-many-files: this process may open no more files/);
    say(openStore(folder));
  });

  it('the quota is used up (needs root and btrfs)', async ({ skip }) => {
    const folder = join(newFolder(), 'state');
    const disk = mountQuota(folder, 4);
    if (disk === undefined) return skip('no file system with a quota can be made here');
    cleanups.push(disk.unmount);
    openDatabase(folder).$client.close();
    const writing = () => writeFileAtomic(join(folder, 'large.json'), 'x'.repeat(8 << 20));
    expect(faultOf(writing)).toMatchObject({ code: 'disk-full', message: expect.stringContaining('large.json') });
    // What SQLite says of it; its own process may be ended first (SIGBUS), where the quota refuses a page of its mapped file.
    const said = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' });
    writeFileSync(join(folder, 'filler'), Buffer.alloc(3 << 20, 1));
    expect(faultOf(() => writeFileSync(join(folder, 'more'), Buffer.alloc(4 << 20, 1))).code).not.toBe('no error');
    expect(storageFault(said, join(folder, 'state.sqlite'))?.code).toBe('disk-full');
    expect(setAside(folder)).toEqual([]);
  });

  it('a file may not grow any more: the limit of this process', async () => {
    const folder = newFolder();
    openDatabase(folder).$client.close();
    const command = 'ulimit -f 1024; exec "$0" "$@"';
    const { stdout } = await run('sh', ['-c', command, process.execPath, opener, folder, 'limited']);
    expect(stdout).toMatch(/^file-too-large: this process may write no file larger than \d+ bytes/);
    say(openStore(folder));
  });

  it.skipIf(!canMountDisks())('no inode is left (needs root and tmpfs)', () => {
    const disk = mountSmallDisk(join(newFolder(), 'state'), 16, 8);
    cleanups.push(disk.unmount);
    openDatabase(disk.folder).$client.close();
    const spare = Array.from({ length: 8 }, (_, at) => join(disk.folder, `spare-${at}`));
    expect(faultOf(() => spare.forEach((path) => void writeFileSync(path, ''))).code).toBe('ENOSPC');
    expect(faultOf(() => openDatabase(disk.folder))).toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/takes no new file \(all its inodes are used, 1\d\.\d MB left\)/),
    });
    expect(faultOf(() => writeFileAtomic(join(disk.folder, 'routing.json'), '{}')).code).toBe('disk-full');
    expect(faultOf(() => setAsideCorruptState(disk.folder, Date.now())).code).toBe('disk-full');
    expect(setAside(disk.folder)).toEqual([]);
    for (const path of spare) rmSync(path, { force: true });
    say(openStore(disk.folder));
  });

  it.skipIf(!canMountDisks())('a file that cannot be read: I/O error (needs root and mounts)', () => {
    const folder = newFolder();
    const file = join(folder, 'state.sqlite');
    writeFileSync(file, '', { mode: 0o600 });
    // The kernel answers EIO where no memory is mapped, as it does for a broken block.
    execFileSync('mount', ['--bind', `/proc/${process.pid}/mem`, file]);
    cleanups.push(() => execFileSync('umount', [file]));
    expect(faultOf(() => openDatabase(folder)).code).toBe('disk-error');
    expect(setAside(folder)).toEqual([]);
  });
});
