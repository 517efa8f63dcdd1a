// Everything that follows from one spec: replaced as a whole when the spec changes, while requests in flight keep theirs.

import type { ProxySpec, SlotName } from '@bg/engine';
import { Pool } from 'undici';
import { type Secrets, secretsOf } from './choose-side.ts';
import { type SecretNames, secretNamesOf } from './headers.ts';

export interface Site {
  readonly spec: ProxySpec;
  readonly secrets: Secrets;
  readonly secretNames: SecretNames;
  readonly pools: Readonly<Record<SlotName, Pool>>;
}

/** Exchanges with one side at a time; what comes on top is turned away with 503 instead of waiting without end. */
export const maxOpenPerSide = 4096;

const hourMs = 3_600_000;

export function createSite(spec: ProxySpec): Site {
  return {
    spec,
    secrets: secretsOf(spec),
    secretNames: secretNamesOf(spec),
    pools: { blue: createPool(spec, 'blue'), green: createPool(spec, 'green') },
  };
}

/** Resolves when the last exchange on its connections has ended. */
export async function retireSite({ pools }: Site): Promise<void> {
  await Promise.all([pools.blue.close(), pools.green.close()]);
}

function createPool({ upstreams, requestTimeoutMs }: ProxySpec, slot: SlotName): Pool {
  return new Pool(originOf(upstreams[slot]), {
    // Opened as needed. Each event stream occupies one, so 128 would let 128 open pages shut out everybody else.
    connections: 1024,
    pipelining: 1,
    // A service closes connections that were idle (Node after 5 s, some after 2 s), and a request that meets this on its
    // way is lost, for nobody may repeat a POST. So no connection is used again after 1 s of idleness, or 2 s before the
    // end that the service itself announces in Keep-Alive. A new connection to the same machine costs next to nothing.
    keepAliveTimeout: 1_000,
    keepAliveMaxTimeout: 1_000,
    keepAliveTimeoutThreshold: 2_000,
    connectTimeout: 5_000,
    headersTimeout: requestTimeoutMs,
    bodyTimeout: hourMs,
  });
}

function originOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
