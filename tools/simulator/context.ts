import type { Deliverer } from './deliver.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ResponseUrls } from './response-url.ts';
import type { SocketMode } from './socket-mode.ts';
import type { Workspace } from './store.ts';
import type { Triggers } from './triggers.ts';

/** Everything one simulator is made of, handed to the functions that act on it. */
export interface Context {
  readonly workspace: Workspace;
  readonly faults: Faults;
  readonly rateLimits: RateLimits | undefined;
  readonly journal: Journal;
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  readonly sockets: SocketMode;
  readonly deliverer: Deliverer;
  readonly tokens: { readonly bot: string; readonly app: string | undefined };
  /** The simulator's own address without a slash at the end; known once it listens. */
  readonly baseUrl: () => string;
}
