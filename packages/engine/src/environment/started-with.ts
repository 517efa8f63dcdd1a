// What a slot is started with, stored next to its process: the names, and a keyed mark for each value. A reader of the
// record sees that a value has changed, and never the value.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { readOrCreateFile } from '../lib/file-once.ts';
import { readEnvFiles, type Variables } from './env-files.ts';
import type { Effective, LaunchSettings } from './environment.ts';
import { compose, configVariable } from './spawn-env.ts';

/** As a slot's record stores it. */
export const effectiveShape = z
  .object({
    key: z.string(),
    command: z.string(),
    envFiles: z.array(z.string()).readonly(),
    variables: z.record(z.string(), z.object({ mark: z.string(), from: z.array(z.string()).readonly() }).readonly()),
  })
  .readonly();

/** Replaces the values that differ in every slot and release, so that the marks of two slots can be compared. */
const neutral = { ENVIRONMENT_COLOR: 'slot', APPLICATION_PORT: 'port', APP_VERSION: 'version' };

/** @throws BlueGreenError `env-file-unreadable` */
export function effectiveOf(
  { stateFolder }: { readonly stateFolder: string },
  settings: Pick<LaunchSettings, 'command' | 'env' | 'envFiles' | 'templates' | 'account'>,
): Effective {
  const key = readOrCreateFile(join(stateFolder, 'marks.key'), () => randomBytes(32).toString('hex'));
  const files = settings.envFiles.map((path) => ({ path, values: readEnvFiles([path]) }));
  const fromFiles: Variables = Object.assign({}, ...files.map(({ values }) => values));
  const { environment } = compose(settings, fromFiles, neutral, 'folder');
  const fileOf = (name: string) => files.findLast(({ values }) => Object.hasOwn(values, name))?.path;
  const variables = Object.entries(environment).map(([name, value]) => {
    const names = Object.hasOwn(settings.env, name) ? namesIn(settings.env[name] ?? '') : [name];
    const from = new Set(names.map(fileOf).filter((file) => file !== undefined));
    return [name, { mark: markOf(key, name, value), from: [...from] }] as const;
  });
  return {
    key: createHash('sha256').update(key).digest('hex').slice(0, 8),
    command: markOf(
      key,
      '',
      JSON.stringify(settings.account ? [settings.command, settings.account] : settings.command),
    ),
    envFiles: settings.envFiles,
    variables: Object.fromEntries(
      variables.filter(([name]) => !Object.hasOwn(neutral, name) && name !== configVariable),
    ),
  };
}

function namesIn(value: string): readonly string[] {
  return [...value.matchAll(/(?<!\$)\$\{([^}]*)\}/g)].map(([, name = '']) => name);
}

function markOf(key: string, name: string, value: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([name, value]))
    .digest('hex')
    .slice(0, 16);
}
