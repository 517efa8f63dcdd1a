// What the folder of an environment exports: all that the configuration and the engine know of it. The list of drivers
// is compose/drivers.ts.

import type { z } from 'zod';
import type { Draft } from '../config/kit/draft.ts';
import type { Path } from '../config/kit/path.ts';
import type { Finding } from '../config/kit/problems.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { ConfiguredCapabilities } from './capabilities.ts';
import type { Addresses, Environment, RunningInstance } from './environment.ts';

/** Each capability that is known from its name alone is present where the driver has it. */
export interface EnvironmentDriver<Keys extends z.ZodType = z.ZodType, Settings = unknown>
  extends ConfiguredCapabilities {
  /** In the configuration: the value of `environment.driver`, and the key that its own settings are under. */
  readonly name: string;
  /** For the documentation of the key `driver`. */
  readonly summary: string;
  /** A release may know by itself what it starts: then `command` may be missing. */
  readonly ownCommand?: boolean;
  /** Undefined: the driver has no settings. */
  readonly keys?: Keys;
  /** The problems of the driver's settings. `at`: where its environment is in the file. */
  check?(own: Draft<z.infer<Keys>>, at: Path): readonly Finding[];
  /** Its own settings with defaults filled in; undefined: it has none. */
  resolve?(own: z.infer<Keys> | undefined, inFolder: (path: string) => string): Settings;
  /** What of its settings must not appear in any text. */
  secrets?(own: Settings): readonly string[];
  /** One for all targets of a state folder that have it. Starts nothing. */
  create(parts: EnvironmentParts<Settings>): Environment;
  /** What runs now, read from the records below the state folder without opening the state. */
  running(stateFolder: string): readonly RunningInstance[];
  /** Of what `running` returned. */
  addressesOf(running: readonly RunningInstance[]): Addresses;
}

export interface EnvironmentParts<Settings = unknown> {
  /** Absolute. */
  readonly stateFolder: string;
  /** What `resolve` returned, by the names of the targets. */
  readonly settingsOf: (service: string, target: string) => Settings;
  readonly clock: Clock;
  readonly log: Log;
}
