// A service that refuses connections on 127.0.0.1 may still listen: on [::1] only, or on an address of the network.

import { networkInterfaces } from 'node:os';
import { accepts } from '../lib/tcp.ts';

const limitMs = 500;
const mostAddresses = 16;

/** Half a sentence about such a listener; undefined where nothing listens on that port. */
export async function listensElsewhere(port: number, signal?: AbortSignal): Promise<string | undefined> {
  const others = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  const hosts = [
    '::1',
    ...others.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  ];
  const asked = hosts.slice(0, mostAddresses).map(async (host) => {
    const listens = await accepts({ host, port, timeoutMs: limitMs, ...(signal ? { signal } : {}) });
    return listens ? [host.includes(':') ? `[${host}]` : host] : [];
  });
  const found = (await Promise.all(asked)).flat();
  if (found.length === 0) return undefined;
  return `it listens on ${found.join(' and ')} only; let it listen on 127.0.0.1 too`;
}
