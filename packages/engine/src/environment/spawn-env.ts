// The environment of a deployed service: built only from its files and its configuration, never from the engine's own
// environment, so that every controller starts the same service.

import { BlueGreenError } from '../lib/errors.ts';
import { fillCommand, readEnvFiles, substituteAll, type Variables } from './env-files.ts';
import { describePlace, type InstancePlace, type LaunchSettings, type ReleaseFiles } from './environment.ts';
import { launchVariable } from './launch-mark.ts';
import { misshapen } from './variable-formats.ts';

export interface Launch {
  readonly place: InstancePlace;
  readonly release: Pick<ReleaseFiles, 'version'>;
  readonly settings: Pick<
    LaunchSettings,
    'command' | 'env' | 'envFiles' | 'requiredEnv' | 'envFormats' | 'templates' | 'liveFile'
  >;
  readonly launch: string;
  /** Where templates are rendered to. */
  readonly configFolder: string;
}

export const configVariable = 'CONFIG_DIR';
const instanceVariable = 'INSTANCE';

/** Given where nothing else gives them. */
export const defaultVariables = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
} as const;

export interface Given {
  readonly env: Variables;
  /** The command with the service's own variables filled in. */
  readonly argv: readonly string[];
}

/** @throws BlueGreenError `env-file-unreadable`, `env-file-invalid`, `variable-missing` naming every variable that is, or `variable-invalid`. */
export function buildEnvironment({ place, release, settings, launch, configFolder }: Launch): Given {
  const builtIn = {
    ENVIRONMENT_COLOR: place.slot,
    ...(place.port === 0 ? {} : { APPLICATION_PORT: String(place.port) }),
    APP_VERSION: release.version,
    [launchVariable]: launch,
    ...(place.instance === undefined ? {} : { [instanceVariable]: String(place.instance) }),
    ...(place.role === undefined ? {} : { PROCESS_ROLE: place.role }),
    ...(settings.liveFile === undefined ? {} : { LIVE_FILE: settings.liveFile }),
  };
  // The only instance of a slot may have had a variable of this name for long: its own value wins.
  const fromFiles = { [instanceVariable]: '1', ...readEnvFiles(settings.envFiles) };
  const { environment, unknown } = compose(settings, fromFiles, builtIn, configFolder);
  const missing = settings.requiredEnv.filter((name) => !Object.hasOwn(environment, name) || environment[name] === '');
  const command = fillCommand(settings.command, { ...environment, [configVariable]: configFolder });
  const problems = [
    ...unknown,
    ...command.unknown,
    ...(missing.length > 0 ? [`${missing.join(', ')} must be set and ${verb(missing)} not`] : []),
  ];
  if (problems.length > 0)
    throw new BlueGreenError('variable-missing', `${describePlace(place)} cannot start: ${problems.join('; ')}`);
  const wrong = misshapen(environment, settings.envFormats ?? []);
  if (wrong.length > 0)
    throw new BlueGreenError('variable-invalid', `${describePlace(place)} cannot start: ${wrong.join('; ')}`);
  return { env: environment, argv: command.argv };
}

/**
 * `env` may name `CONFIG_DIR` whatever the release has, so that an earlier release without templates still starts; the
 * service gets the variable only where the folder has files.
 */
export function compose(
  { env, templates }: Pick<LaunchSettings, 'env' | 'templates'>,
  fromFiles: Variables,
  builtIn: Variables,
  configFolder: string,
): { readonly environment: Variables; readonly unknown: readonly string[] } {
  const { values, unknown } = substituteAll(env, { ...fromFiles, ...builtIn, [configVariable]: configFolder });
  const reported = templates.length > 0 ? { [configVariable]: configFolder } : {};
  return { environment: { ...defaultVariables, ...fromFiles, ...values, ...builtIn, ...reported }, unknown };
}

function verb(names: readonly string[]): string {
  return names.length === 1 ? 'is' : 'are';
}
