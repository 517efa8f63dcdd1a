// The way out to Slack through a proxy, for calls and sockets alike. What the engine asks of services never goes this way.

import { createRequire } from 'node:module';
import type { SocketModeReceiver } from '@slack/bolt';

export interface EgressProxy {
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  /** Hosts that are reached directly, separated by commas. */
  readonly noProxy: string;
}

export interface Egress {
  readonly fetch: typeof fetch;
  /** Undefined: straight to Slack. */
  readonly dispatcher: Dispatcher | undefined;
}

type Dispatcher = NonNullable<ConstructorParameters<typeof SocketModeReceiver>[0]['dispatcher']>;

export function egressThrough(proxy: EgressProxy | undefined): Egress {
  if (proxy === undefined) return { fetch, dispatcher: undefined };
  const undici = undiciOfSocketMode();
  const dispatcher = new undici.EnvHttpProxyAgent(proxy);
  return { fetch: (url, init) => undici.fetch(url, { ...init, dispatcher } as RequestInit), dispatcher };
}

interface Undici {
  readonly EnvHttpProxyAgent: new (proxy: EgressProxy) => Dispatcher;
  readonly fetch: typeof fetch;
}

/** A dispatcher must be of the same copy of undici as the socket that uses it. */
function undiciOfSocketMode(): Undici {
  const bolt = createRequire(import.meta.url).resolve('@slack/bolt');
  const socketMode = createRequire(bolt).resolve('@slack/socket-mode');
  return createRequire(socketMode)('undici') as Undici;
}
