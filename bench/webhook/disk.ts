// On what durability rests: the settings of SQLite as the engine opens its file, the file system, and what the disk says.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../packages/engine/src/state/database.ts';
import { median } from '../figures.ts';

export interface Setting {
  readonly name: string;
  readonly value: string;
}

const pragmas = ['journal_mode', 'synchronous', 'fullfsync', 'checkpoint_fullfsync', 'page_size', 'wal_autocheckpoint'];
const synchronousNames = ['OFF', 'NORMAL', 'FULL', 'EXTRA'];
const syncs = 200;

export async function settingsOf(): Promise<readonly Setting[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-disk-'));
  try {
    const db = openDatabase(folder);
    const { $client: client } = db;
    const version = String(client.prepare('SELECT sqlite_version()').pluck().get());
    const values = pragmas.map((name) => {
      const value = String(client.pragma(name, { simple: true }));
      return { name, value: name === 'synchronous' ? (synchronousNames[Number(value)] ?? value) : value };
    });
    client.close();
    const { device, kind, options } = mountOf(folder);
    return [
      { name: 'SQLite', value: version },
      ...values,
      { name: 'file system', value: `${kind} on ${device} (${options})` },
      { name: 'write cache of the disk', value: writeCacheOf(device) },
      { name: 'one fdatasync of 4 KiB, median', value: `${median(syncTimes(folder)).toFixed(1)} ms` },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mountOf(folder: string): { readonly device: string; readonly kind: string; readonly options: string } {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point = '']) => folder === point || folder.startsWith(point.endsWith('/') ? point : `${point}/`));
  const [device = 'unknown', , kind = 'unknown', options = ''] =
    mounts.toSorted(([, left = ''], [, right = '']) => left.length - right.length).at(-1) ?? [];
  return { device, kind, options };
}

/** `write back`: what was written may be in the disk's own memory until it is flushed, which fdatasync does. */
function writeCacheOf(device: string): string {
  const disk = device.replace(/^\/dev\//, '');
  for (const name of [disk, disk.replace(/p?\d+$/, '')])
    try {
      return readFileSync(`/sys/block/${name}/queue/write_cache`, 'utf8').trim();
    } catch {
      // A partition has no such file, and neither has a disk behind a network or a container.
    }
  return 'not told';
}

function syncTimes(folder: string): readonly number[] {
  const file = openSync(join(folder, 'probe'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: syncs }, () => {
    const began = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  return times;
}
