// The machine goes down: every process of a stage ends at once, whatever started it, and what is on the disk stays.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Resolves when none is left. What a process is known by is the stage's folder: in its words, its files or its parent. */
export async function killAll(folder: string): Promise<void> {
  for (let rounds = 0; rounds < 100; rounds += 1) {
    const pids = processesOf(folder);
    if (pids.length === 0) return;
    for (const pid of pids) end(pid);
    await new Promise((wake) => setTimeout(wake, 20));
  }
  throw new Error(`processes of ${folder} do not end: ${processesOf(folder).join(', ')}`);
}

/** The process that asks has the state open too, and is none of them. */
function processesOf(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => belongs(pid, folder))
    .map(Number);
}

function belongs(pid: string, folder: string): boolean {
  const place = join('/proc', pid);
  if (/^State:\s+Z/m.test(read(join(place, 'status')))) return false;
  const words = [read(join(place, 'cmdline')), read(join(place, 'environ')), link(join(place, 'cwd'))];
  const files = names(join(place, 'fd')).map((fd) => link(join(place, 'fd', fd)));
  return [...words, ...files].some((text) => text.includes(`${folder}/`) || text === folder);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}

const read = (path: string): string => orNothing(() => readFileSync(path, 'utf8'), '');
const link = (path: string): string => orNothing(() => readlinkSync(path), '');
const names = (path: string): readonly string[] => orNothing(() => readdirSync(path), []);

/** What ended meanwhile, or is not ours to look at. */
function orNothing<T>(look: () => T, nothing: T): T {
  try {
    return look();
  } catch {
    return nothing;
  }
}
