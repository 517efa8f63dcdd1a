// The table of rooms: complete, no wider than the sources need, shown to catch what it forbids, and the same as on the page.

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSources, type SourceFile, sourceFile } from '../../tools/nx/source-file.ts';
import { inWords, plantedIn, type Room, roomOf, roomRules, rooms, seen } from './architecture/rooms.ts';
import { engine, isTest } from './architecture/rule.ts';

const root = join(import.meta.dirname, '../..');
const sources = readSources(root).filter(({ path }) => !isTest(path));
const bound = rooms.filter((room) => roomRules.some(({ name }) => name === ruleNameOf(room)));
const packages = ['@bg/engine', '@bg/engine/counting', '@bg/simulator'];

function ruleNameOf(room: Room): string | undefined {
  return roomRules.find(({ governs }) => governs(plantedIn(room)))?.name;
}

/** What the rule of a room says about one import line of it. */
function broken(room: Room, line: string): readonly string[] {
  const rule = roomRules.find(({ name }) => name === ruleNameOf(room));
  return rule?.broken(sourceFile(plantedIn(room), line)) ?? [];
}

/** The import of another room, as a file of this one would write it. */
function importOf(room: Room, other: string, type = ''): string {
  const target = other.endsWith('.ts') || other.startsWith('@bg/') ? other : `${other}/planted.ts`;
  const from = target.startsWith('@bg/') ? target : posix.relative(posix.dirname(plantedIn(room)), target);
  return `import ${type}{ planted } from '${from.startsWith('.') || from.startsWith('@') ? from : `./${from}`}';`;
}

it('each file of the product is in a room', () => {
  expect(sources.filter(({ path }) => roomOf(path) === undefined).map(({ path }) => path)).toEqual([]);
});

describe.each(bound)('$path', (room) => {
  const others = [...rooms.map(({ path }) => path), ...packages, `${engine}/testing`].filter(
    (path) => path !== room.path,
  );
  const allowed = others.filter((other) => seen(room, other));

  it('catches an import of each room that it may not see, and of no other', () => {
    expect(others.filter((other) => broken(room, importOf(room, other)).length === 0)).toEqual(allowed);
  });

  it('catches a value of a room of which it may see types', () => {
    for (const other of room.types) {
      expect(broken(room, importOf(room, other))).toHaveLength(1);
      expect(broken(room, importOf(room, other, 'type '))).toEqual([]);
    }
  });

  it('may see no room that it does not need', () => {
    const isOwn = ({ path }: SourceFile) => roomOf(path) === room.path;
    const lines = sources.filter(isOwn).flatMap(({ imports }) => imports);
    const used = new Set(lines.map(({ target }) => roomOf(target)));
    const values = new Set(lines.filter(({ isType }) => !isType).map(({ target }) => roomOf(target)));
    const named = (paths: readonly string[]) => paths.filter((path) => /[/@]/.test(path));
    expect(
      {
        rooms: named(room.imports).filter((path) => !values.has(path)),
        types: room.types.filter((path) => !used.has(path)),
      },
      'rooms of which no file imports a value, and rooms of which no file imports anything: take them out of rooms.ts and of ARCHITECTURE.md',
    ).toEqual({ rooms: [], types: [] });
  });
});

it('the table of ARCHITECTURE.md names each room, and what it may import', () => {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const table = /^## Rooms\n([\s\S]*?)^## /m.exec(page)?.[1] ?? '';
  const rows = [...table.matchAll(/^\| (`.*?) \| .* \| (.*?) ?\|$/gm)].flatMap(([, folders = '', words]) =>
    folders.split(', ').map((folder) => {
      const path = folder.replaceAll('`', '').replace('…', engine).replace(/\/$/, '');
      return [path, words] as const;
    }),
  );
  // It has no code.
  const withCode = rows.filter(([path]) => path !== 'migrations');
  expect(Object.fromEntries(withCode)).toEqual(Object.fromEntries(rooms.map((room) => [room.path, inWords(room)])));
});
