// One service of a compose file. What compose does with the others (databases, queues) stays with compose.

import type { ComposeContext } from './compose-context.ts';
import { composeKeys } from './compose-keys.ts';
import { type Importing, ImportRefused, type LeftOut, takeKeys } from './imported.ts';
import { interpolate, interpolateAll } from './interpolate.ts';
import { isMapping, type Mapping, readMapping } from './read-yaml.ts';

export interface ComposeRequest {
  readonly text: string;
  /** Absolute: of the file. */
  readonly folder: string;
  /** Which service; needed where the file has several. */
  readonly service: string | undefined;
}

/** @throws ImportRefused where the file is no compose file, or does not say which service is meant */
export function importCompose({ text, folder, service: wanted }: ComposeRequest): Importing {
  const root = readMapping(text);
  const services = isMapping(root.services) ? root.services : undefined;
  if (!services) throw new ImportRefused('has no `services`, as a compose file has');
  const name = choose(Object.keys(services), wanted);
  const raw = services[name];
  if (!isMapping(raw)) throw new ImportRefused(`services.${name} is not a mapping of keys`);
  const { value, open } = interpolateAll(raw);
  const keys = value as Mapping;
  const path = `services.${name}`;
  const context: ComposeContext = {
    project: projectOf(root.name, folder),
    folder,
    networks: isMapping(root.networks) ? root.networks : {},
    volumes: isMapping(root.volumes) ? root.volumes : {},
    hasOthers: Object.keys(services).length > 1,
    open,
    has: (key) => Object.hasOwn(keys, key),
  };
  // Whether a key without its own handler or with values from elsewhere: what has no value is left out, not guessed.
  const closed = Object.entries(keys).filter(([key]) => key === 'environment' || namesIn(key, open).length === 0);
  const { imported, left } = takeKeys(withNetwork(Object.fromEntries(closed)), composeKeys, { path, context });
  return {
    service: name,
    imported,
    left: [...leftOpen(keys, path, open), ...left, ...otherParts(root, services, name)],
  };
}

function choose(names: readonly string[], wanted: string | undefined): string {
  const shown = names.slice(0, 20).join(', ');
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new ImportRefused(`has no service ${wanted}; it has ${shown || 'none'}`);
  }
  const [only, ...others] = names;
  if (only === undefined) throw new ImportRefused('has no service');
  if (others.length > 0) throw new ImportRefused(`has several services: name one of ${shown} with --service`);
  return only;
}

/** As compose names networks and volumes. */
function projectOf(name: unknown, folder: string): string {
  const given = typeof name === 'string' ? interpolate(name).text : '';
  const text = given || (folder.split('/').findLast((part) => part !== '') ?? 'default');
  return (
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '')
      .replace(/^[_-]+/, '') || 'default'
  );
}

/** A service without the key is in the network `default`. */
const withNetwork = (keys: Mapping): Mapping =>
  'networks' in keys || 'network_mode' in keys ? keys : { ...keys, networks: ['default'] };

const namesIn = (key: string, open: ComposeContext['open']): readonly string[] =>
  [...open].flatMap(([at, names]) => (at === key || at.startsWith(`${key}.`) ? names : []));

const leftOpen = (keys: Mapping, path: string, open: ComposeContext['open']): readonly LeftOut[] =>
  Object.keys(keys).flatMap((key) => {
    const names = key === 'environment' ? [] : namesIn(key, open);
    if (names.length === 0) return [];
    const why = `needs ${[...new Set(names)].slice(0, 5).join(', ')}, which the file does not hold: write the value out`;
    return [{ key: `${path}.${key}`, why }];
  });

const topLevel = new Set(['name', 'version', 'services', 'networks', 'volumes']);

function otherParts(root: Mapping, services: Mapping, name: string): readonly LeftOut[] {
  const others = Object.keys(services).filter((each) => each !== name);
  return [
    ...others.map((each) => ({ key: `services.${each}`, why: 'stays with compose, which goes on running it' })),
    ...Object.keys(root)
      .filter((key) => !topLevel.has(key) && !key.startsWith('x-'))
      .map((key) => ({ key, why: whyNot[key] ?? 'this engine has nothing like it' })),
  ];
}

const whyNot: Readonly<Record<string, string>> = {
  include: 'is not followed: name the file that has the service',
  secrets: 'secrets are never copied: write them into an env file, or into templates of the release',
  configs: 'is left to templates of the release',
};
