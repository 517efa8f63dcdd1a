// Volumes and networks of a compose service, by the names that compose gives them.

import { isAbsolute, resolve } from 'node:path';
import type { ComposeContext } from './compose-context.ts';
import { type ImportedVolume, notTaken, type Taken } from './imported.ts';
import { isMapping } from './read-yaml.ts';
import { listIn, shapedIn, shapes, textIn, textsIn } from './values.ts';

const shared =
  'two versions run at once, and both would write to it: add it under `volumes` with `shared: true` if your service can cope with that';

export function volumesOf(value: unknown, context: ComposeContext): Taken {
  const volumes: ImportedVolume[] = [];
  const left: string[] = [];
  for (const each of listIn(value)) {
    const { source, path, readOnly } = isMapping(each) ? longVolume(each, context) : shortVolume(textIn(each), context);
    if (path.startsWith('/tmp') && source === undefined) continue;
    if (source === undefined) left.push(`${path}: an anonymous volume would be lost with each container`);
    else if (readOnly)
      volumes.push({ source: shapedIn(source, shapes.volumeSource), path: shapedIn(path, shapes.volumePath) });
    else left.push(`${source}:${path}: ${shared}`);
  }
  return { value: { volumes }, left };
}

interface Mount {
  readonly source: string | undefined;
  readonly path: string;
  readonly readOnly: boolean;
}

function shortVolume(text: string, context: ComposeContext): Mount {
  const [first = '', second, options = ''] = text.split(':');
  if (second === undefined) return { source: undefined, path: first, readOnly: false };
  return { source: sourceIn(first, context), path: second, readOnly: options.split(',').includes('ro') };
}

function longVolume(
  { type, source, target, ...rest }: Readonly<Record<string, unknown>>,
  context: ComposeContext,
): Mount {
  const path = textIn(target);
  if (type === 'tmpfs') return { source: undefined, path, readOnly: false };
  if (type !== 'bind' && type !== 'volume') return notTaken(`a mount of the type ${String(type)} is not known`);
  const from = source === undefined ? undefined : sourceIn(textIn(source), context);
  return { source: from, path, readOnly: rest.read_only === true };
}

function sourceIn(source: string, { folder, project, volumes }: ComposeContext): string {
  if (source.startsWith('~')) return notTaken(`${source}: ~ is not expanded; write the folder out`);
  if (isAbsolute(source)) return source;
  if (source.startsWith('.')) return resolve(folder, source);
  return namedIn(source, project, volumes);
}

/** `name:` and `external` keep the name; every other one begins with that of the project. */
function namedIn(name: string, project: string, declared: ComposeContext['networks']): string {
  const settings = declared[name];
  if (isMapping(settings) && typeof settings.name === 'string') return settings.name;
  return isMapping(settings) && settings.external === true ? name : `${project}_${name}`;
}

export function networksOf(value: unknown, { project, networks, hasOthers }: ComposeContext): Taken {
  const names = isMapping(value) ? Object.keys(value) : textsIn(value);
  const [first, ...others] = names;
  if (first === undefined) return {};
  // Alone in the file, the service needs no other one in the network that compose would make.
  if (first === 'default' && !hasOthers && !('default' in networks)) return {};
  const left = others.map((each) => `${each}: a container is in one network, ${first}`);
  return { value: { network: shapedIn(namedIn(first, project, networks), shapes.network) }, left };
}
