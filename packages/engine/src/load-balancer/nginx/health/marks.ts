// What nginx is to know about instances, as empty files: `ill/<slot>/<number>`, which it looks up for every request. One
// that is marked gets no new requests.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { SlotName } from '../../../domain/target.ts';

const slots = ['blue', 'green'] as const;

export const marksIn = (routingFolder: string): string => join(routingFolder, 'ill');

/** Next to the marks, `out/<slot>/<number>`: instances that are left out whatever their health. */
const outNextTo = (marks: string, slot: SlotName): string => join(dirname(marks), 'out', slot);

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

/** Of so many instances and fewer, nginx can leave out all but one in every way. */
export const maxWithAllWays = 6;

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

/** Where all that are not left out are unhealthy, they are not marked: such a side gets its users all the same. */
export function mark({ folder, slot, instances, unhealthy }: Marking): void {
  const side = join(folder, slot);
  // nginx may run as another user; the umask of this process is not its own.
  mkdirSync(side, { recursive: true, mode: 0o755 });
  const out = numbersIn(outNextTo(folder, slot));
  const ill = unhealthy.filter((number) => !out.includes(number));
  const marked = [...out, ...(ill.length >= instances - out.length ? [] : ill)].slice(0, mostMarked(instances));
  const wanted = new Set(marked.map(String));
  const present = readdirSync(side);
  // Fewer first: at no moment are there more than nginx has a group for.
  for (const name of present) if (!wanted.has(name)) rmSync(join(side, name), { force: true });
  for (const name of wanted) if (!present.includes(name)) writeFileSync(join(side, name), '', { mode: 0o644 });
}

/** Of health: what is left out stays so. */
export function clearMarks(folder: string): void {
  const outOf = (slot: SlotName) => numbersIn(outNextTo(folder, slot));
  if (slots.every((slot) => outOf(slot).length === 0)) return void rmSync(folder, { recursive: true, force: true });
  for (const slot of slots) {
    const out = outOf(slot);
    for (const number of numbersIn(join(folder, slot)))
      if (!out.includes(number)) rmSync(join(folder, slot, String(number)), { force: true });
  }
}

/** Leaves out all but the first `admitted`. The health process keeps to it, whether it runs now or later. */
export function leaveOut({
  folder,
  slot,
  instances,
  admitted,
}: Omit<Marking, 'unhealthy'> & { readonly admitted: number }) {
  const outFolder = outNextTo(folder, slot);
  const before = numbersIn(outFolder);
  const wanted = Array.from({ length: Math.max(0, instances - admitted) }, (_, at) => admitted + at + 1);
  const unhealthy = numbersIn(join(folder, slot)).filter((number) => !before.includes(number));
  mkdirSync(outFolder, { recursive: true, mode: 0o755 });
  for (const number of before) if (!wanted.includes(number)) rmSync(join(outFolder, String(number)), { force: true });
  for (const number of wanted)
    if (!before.includes(number)) writeFileSync(join(outFolder, String(number)), '', { mode: 0o644 });
  const present = numbersIn(join(folder, slot));
  if (isDeepStrictEqual(before, wanted) && wanted.every((number) => present.includes(number))) return;
  mark({ folder, slot, instances, unhealthy });
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[1-9]\d{0,3}$/.test(name))
      .map(Number)
      .toSorted((one, other) => one - other);
  } catch {
    return [];
  }
}
