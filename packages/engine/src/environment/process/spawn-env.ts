// The environment of a deployed service: built from its files and its configuration alone, never from the engine's own,
// so that every process that may drive starts the same thing.

import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type LaunchSettings, type ReleaseFiles, type SlotPlace } from '../environment.ts';
import { launchVariable } from './launch.ts';

export type Variables = Readonly<Record<string, string>>;

export interface Launch {
  readonly place: SlotPlace;
  readonly release: Pick<ReleaseFiles, 'version'>;
  readonly settings: Pick<LaunchSettings, 'env' | 'envFiles' | 'requiredEnv'>;
  readonly launch: string;
}

const fixed = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
} as const;

const maxEnvFileBytes = 1 << 20;

/** @throws BlueGreenError `env-file-unreadable`, or `variable-missing` naming every variable that is. */
export function buildEnvironment({ place, release, settings, launch }: Launch): Variables {
  const fromFiles = readEnvFiles(settings.envFiles);
  const builtIn = {
    ENVIRONMENT_COLOR: place.slot,
    APPLICATION_PORT: String(place.port),
    APP_VERSION: release.version,
    [launchVariable]: launch,
  };
  const { values, unknown } = substituteAll(settings.env, { ...fromFiles, ...builtIn });
  const environment: Variables = { ...fixed, ...fromFiles, ...values, ...builtIn };
  const missing = settings.requiredEnv.filter((name) => !Object.hasOwn(environment, name) || environment[name] === '');
  const problems = [
    ...unknown,
    ...(missing.length > 0 ? [`${missing.join(', ')} must be set and ${verb(missing)} not`] : []),
  ];
  if (problems.length > 0)
    throw new BlueGreenError('variable-missing', `${describePlace(place)} cannot start: ${problems.join('; ')}`);
  return environment;
}

/** In the order given; a later file wins. @throws BlueGreenError `env-file-unreadable`, naming the file. */
export function readEnvFiles(paths: readonly string[]): Variables {
  return Object.assign({}, ...paths.map(readEnvFile));
}

function readEnvFile(path: string): Variables {
  try {
    if (statSync(path).size > maxEnvFileBytes) throw new Error('larger than 1 MB');
    return { ...parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')) } as Variables;
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
    throw new BlueGreenError('env-file-unreadable', `the env file ${path} cannot be read (${reason})`, {}, thrown);
  }
}

/** Replaces `${NAME}` in every value; `$${NAME}` stands for the text `${NAME}`. What is unknown is told, not guessed. */
function substituteAll(
  env: Variables,
  known: Variables,
): { readonly values: Variables; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const values = Object.entries(env).map(([key, value]) => [
    key,
    value.replaceAll(/\$(\$?)\{([^}]*)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(known, name)) return known[name] ?? '';
      unknown.push(`env.${key} uses \${${name}}, which no env file and no built-in variable gives`);
      return '';
    }),
  ]);
  return { values: Object.fromEntries(values), unknown };
}

function verb(names: readonly string[]): string {
  return names.length === 1 ? 'is' : 'are';
}
