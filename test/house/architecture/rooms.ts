// The rooms of the house, and what each may import: the one table. ARCHITECTURE.md's is held against it.

import { engine, importing, isTest, type Rule } from './rule.ts';

export interface Room {
  /** A folder, or a file, from the root. */
  readonly path: string;
  /** Paths of rooms, and packages of this repository. */
  readonly imports: readonly string[];
  /** Of these, only types. */
  readonly types: readonly string[];
}

const anything = 'anything';
const wholeEngine = 'everything in the engine';
const door = '@bg/engine';
const page = '@bg/web';

const exceptions: ReadonlyMap<string, Rule['except']> = new Map([
  [
    'tools',
    [
      {
        path: 'tools/generate-schema.ts',
        because: 'it writes the file for editors, which no caller of the engine needs',
      },
    ],
  ],
]);

export const rooms: readonly Room[] = [
  { path: `${engine}/index.ts`, imports: [wholeEngine], types: [] },
  engineRoom('counting.ts', ['load-balancer']),
  { path: `${engine}/compose`, imports: [wholeEngine], types: [] },
  engineRoom(
    'orchestrator',
    ['domain', 'lib', 'state', 'config', 'environment', 'migrator', 'releases', 'analysis'],
    ['api', 'load-balancer', 'evidence'],
  ),
  engineRoom(
    'api',
    [],
    ['domain', 'state', 'config', 'environment', 'load-balancer', 'migrator', 'analysis', 'orchestrator'],
  ),
  engineRoom('domain', []),
  engineRoom('environment', ['lib', 'config/kit'], ['domain', 'config']),
  engineRoom('load-balancer', ['domain', 'lib', 'config/kit'], ['config']),
  engineRoom('migrator', ['lib', 'config/kit'], ['config']),
  engineRoom('evidence', ['lib', 'config/kit'], ['domain']),
  engineRoom('analysis', [], ['domain']),
  engineRoom('charts', ['analysis'], ['api']),
  engineRoom('report', ['domain'], ['config', 'api']),
  engineRoom('starter', ['config', 'environment', 'lib']),
  engineRoom('releases', ['lib'], ['domain', 'config']),
  engineRoom('builds', ['domain', 'lib', 'state', 'config'], ['api']),
  engineRoom('notify', ['domain', 'lib', 'state', 'config', 'report'], ['api', 'config/kit']),
  engineRoom('metrics', ['lib', 'state'], ['api', 'domain']),
  engineRoom('state', ['domain', 'lib']),
  engineRoom('config', ['domain', 'lib', 'config/kit'], ['environment', 'load-balancer', 'evidence']),
  engineRoom('config/kit', ['lib']),
  engineRoom('lib', []),
  { path: 'apps/slack-bot', imports: [door, page], types: [] },
  { path: 'apps/webhook', imports: [door], types: [] },
  { path: 'apps/cli', imports: [door, page], types: [] },
  { path: 'apps/web', imports: [door], types: [] },
  { path: 'apps/proxy', imports: [`${door}/counting`], types: [door] },
  {
    path: 'tools',
    imports: [door, `${door}/ports`, 'tools/simulator', 'apps/slack-bot'],
    types: [],
  },
  { path: 'tools/simulator', imports: [], types: [] },
  { path: 'test', imports: [anything], types: [] },
  { path: 'bench', imports: [anything], types: [] },
];

function engineRoom(name: string, imports: readonly string[], types: readonly string[] = []): Room {
  const paths = (names: readonly string[]) => names.map((each) => `${engine}/${each}`);
  return { path: `${engine}/${name}`, imports: paths(imports), types: paths(types) };
}

/** The innermost room that a file is in, or the package of this repository that an import names. */
export function roomOf(target: string): string | undefined {
  if (target.startsWith('@bg/')) return target;
  return rooms
    .map(({ path }) => path)
    .filter((path) => target === path || target.startsWith(`${path}/`))
    .toSorted((left, right) => right.length - left.length)[0];
}

/** Whether a room may import values of another, or of a package of this repository. */
export function seen({ path, imports }: Room, other: string): boolean {
  if (imports.includes(wholeEngine)) return rooms.some((room) => room.path === other && other.startsWith(`${engine}/`));
  return other === path || imports.includes(other) || imports.includes(anything);
}

function mayImport(room: Room, target: string, isType: boolean): boolean {
  const other = roomOf(target);
  // A package from outside, or a file of the engine that is in no room: one for tests.
  if (other === undefined) return !target.startsWith(`${engine}/`);
  return seen(room, other) || (isType && room.types.includes(other));
}

/** A rule for each room that may not import all. */
export const roomRules: readonly Rule[] = rooms
  .filter(({ imports }) => !imports.includes(anything))
  .map((room) => ({
    name: `room-${nameOf(room)}`,
    says: `of this repository it imports ${inWords(room)}`,
    governs: (path) => roomOf(path) === room.path && !isTest(path),
    broken: importing((target, _, { isType }) => !mayImport(room, target, isType)),
    except: exceptions.get(room.path) ?? [],
    planted: { path: plantedIn(room), text: "import { planted } from '@bg/planted';" },
  }));

/** `domain`, `lib`; types of `config`. */
export function inWords({ imports, types }: Room): string {
  const named = (paths: readonly string[]) =>
    paths.map((path) => (/[@/]/.test(path) ? `\`${path.replace(`${engine}/`, '')}\`` : path)).join(', ');
  const parts = [named(imports), ...(types.length > 0 ? [`types of ${named(types)}`] : [])];
  return parts.filter((part) => part !== '').join('; ') || 'nothing';
}

function nameOf({ path }: Room): string {
  return path
    .replace(`${engine}/`, '')
    .replace(/^apps\//, '')
    .replaceAll(/[^a-z]+/g, '-');
}

export function plantedIn({ path }: Room): string {
  return path.endsWith('.ts') ? path : `${path}/planted.ts`;
}
