// Processes that compete for one lock and die inside it, and what their common journal says.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const child = resolve(import.meta.dirname, 'hold-lock.ts');

export interface LockPlace {
  readonly path: string;
  readonly journal: string;
}

export function startHolder(place: LockPlace, rounds: number, end: 'go' | 'die' | 'hang'): ChildProcess {
  const argv = [child, place.path, place.journal, String(rounds), end];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Each of `processes` is started again when it has died, until all together have been inside `entries` times. */
export async function compete(place: LockPlace, processes: number, entries: number): Promise<void> {
  const one = async (): Promise<void> => {
    while (readJournal(place).length < 2 * entries) await once(startHolder(place, 400, 'die'), 'exit');
  };
  await Promise.all(Array.from({ length: processes }, one));
}

/** `double`: how often a process was still inside when another entered, and lived to say so. */
export function count(place: LockPlace): {
  readonly entries: number;
  readonly deaths: number;
  readonly double: number;
} {
  const inside = new Set<string>();
  const overtaken = new Set<string>();
  let entries = 0;
  let double = 0;
  for (const line of readJournal(place)) {
    const [what, pid = ''] = line.split(' ');
    if (what === 'in') {
      for (const other of inside) overtaken.add(other);
      inside.clear();
      inside.add(pid);
      entries += 1;
    } else {
      inside.delete(pid);
      if (overtaken.delete(pid)) double += 1;
    }
  }
  return { entries, deaths: overtaken.size, double };
}

export const readJournal = ({ journal }: LockPlace): readonly string[] =>
  existsSync(journal) ? readFileSync(journal, 'utf8').trimEnd().split('\n') : [];
