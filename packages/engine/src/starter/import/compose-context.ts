// What the rest of a compose file says of a service.

import type { Mapping } from './read-yaml.ts';

export interface ComposeContext {
  readonly project: string;
  /** Absolute: of the file. */
  readonly folder: string;
  readonly networks: Mapping;
  readonly volumes: Mapping;
  /** There are services in the file that this one may look for by their names. */
  readonly hasOthers: boolean;
  /** Names without a value, by the path of the text in the service: `environment.DB_URL`. */
  readonly open: ReadonlyMap<string, readonly string[]>;
  /** The keys that the service has. */
  readonly has: (key: string) => boolean;
}
