// What nginx is to know about instances, as empty files: `ill/<slot>/<number>`, which it looks up for every request. One
// that is marked gets no new requests.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotName } from '../../../domain/target.ts';

export const marksIn = (routingFolder: string): string => join(routingFolder, 'ill');

/** How many of so many instances nginx can leave out at a time: it has a group of servers for each way to do it. */
export function mostMarked(instances: number): number {
  let groups = 1;
  for (let count = 1; count < instances; count++) {
    groups += choose(instances, count);
    if (groups > maxGroups) return count - 1;
  }
  return instances - 1;
}

const maxGroups = 64;

function choose(all: number, count: number): number {
  let ways = 1;
  for (let at = 1; at <= count; at++) ways = (ways * (all - at + 1)) / at;
  return Math.round(ways);
}

/** Every way to leave out instances that nginx has a group for, as numbers in rising order. */
export function groupsOf(instances: number): readonly (readonly number[])[] {
  const most = mostMarked(instances);
  const grown = (group: readonly number[]): readonly (readonly number[])[] => {
    if (group.length === most) return [group];
    const last = group.at(-1) ?? 0;
    const more = Array.from({ length: instances - last }, (_, at) => [...group, last + at + 1]);
    return [group, ...more.flatMap(grown)];
  };
  return grown([]).filter(({ length }) => length > 0);
}

export interface Marking {
  readonly folder: string;
  readonly slot: SlotName;
  readonly instances: number;
  readonly unhealthy: readonly number[];
}

/** Where all are unhealthy, none is marked: such a side gets its users all the same. */
export function mark({ folder, slot, instances, unhealthy }: Marking): void {
  const side = join(folder, slot);
  // nginx may run as another user; the umask of this process is not its own.
  mkdirSync(side, { recursive: true, mode: 0o755 });
  const marked = unhealthy.length >= instances ? [] : unhealthy.slice(0, mostMarked(instances));
  const wanted = new Set(marked.map(String));
  const present = readdirSync(side);
  // Fewer first: at no moment are there more than nginx has a group for.
  for (const name of present) if (!wanted.has(name)) rmSync(join(side, name), { force: true });
  for (const name of wanted) if (!present.includes(name)) writeFileSync(join(side, name), '', { mode: 0o644 });
}

export function clearMarks(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
