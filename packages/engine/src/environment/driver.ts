// What the folder of an environment exports: all that the configuration and the engine know of it. The list of drivers
// is compose/drivers.ts.

import type { z } from 'zod';
import type { Draft } from '../config/kit/draft.ts';
import type { Path } from '../config/kit/path.ts';
import type { Finding } from '../config/kit/problems.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Environment, RunningInstance } from './environment.ts';

/** What an environment may be unable to do. `config check` refuses what needs it, and the verbs do. */
export interface EnvironmentCapabilities {
  /** Takes over what an earlier system started, without a restart. */
  readonly adopt: boolean;
  /** Runs a side under its own account: `user`, `group`. */
  readonly accounts: boolean;
  /** Limits what a side takes of the machine: `quota`. */
  readonly quota: boolean;
}

export interface EnvironmentDriver<Keys extends z.ZodType = z.ZodType, Settings = unknown> {
  /** In the configuration: the value of `environment.driver`, and the key that its own settings are under. */
  readonly name: string;
  /** For the documentation of the key `driver`. */
  readonly summary: string;
  readonly can: EnvironmentCapabilities;
  /** Undefined: the driver has no settings. */
  readonly keys?: Keys;
  /** The problems of the driver's settings. `at`: where its environment is in the file. */
  check?(own: Draft<z.infer<Keys>>, at: Path): readonly Finding[];
  /** Its own settings with defaults filled in; undefined: it has none. */
  resolve?(own: z.infer<Keys> | undefined, inFolder: (path: string) => string): Settings;
  /** One for all targets of a state folder that have it. Starts nothing. */
  create(parts: EnvironmentParts<Settings>): Environment;
  /** What runs now, read from the records below the state folder without opening the state. */
  running(stateFolder: string): readonly RunningInstance[];
}

export interface EnvironmentParts<Settings = unknown> {
  /** Absolute. */
  readonly stateFolder: string;
  /** What `resolve` returned, by the names of the targets. */
  readonly settingsOf: (service: string, target: string) => Settings;
  readonly clock: Clock;
  readonly log: Log;
}
