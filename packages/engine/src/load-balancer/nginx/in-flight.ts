// How many requests are with each side now. nginx counts them, but not per side; the kernel knows nginx's connections to
// each side, but not which of them wait idle for another second. Together they are exact where one side has had no new
// users for a moment, which is when a side drains; while both are used, the split between them is an estimate.

import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import type { InstanceTraffic } from '../../domain/routing.ts';
import type { Endpoint, SlotName } from '../../domain/target.ts';
import type { BalancerSpec } from '../load-balancer.ts';

export type InFlight = Readonly<Record<SlotName, number>>;

interface Question {
  /** Of both sides together, by nginx's own count. */
  readonly requests: number;
  /** Established ones to each side, idle ones included. */
  readonly connections: InFlight;
  /** A side that has had no new users for longer than an idle connection stays open. */
  readonly draining: SlotName | undefined;
}

/** Pure. The two numbers make up `requests`, as far as connections can explain it. */
export function splitInFlight({ requests, connections, draining }: Question): InFlight {
  const { blue, green } = connections;
  if (draining !== undefined) {
    const old = Math.min(connections[draining], requests);
    const others = requests - old;
    return draining === 'blue' ? { blue: old, green: others } : { blue: others, green: old };
  }
  if (blue + green === 0) return { blue: 0, green: 0 };
  const likely = Math.round((requests * blue) / (blue + green));
  const ofBlue = Math.min(blue, requests, Math.max(0, requests - green, likely));
  return { blue: ofBlue, green: Math.min(green, requests - ofBlue) };
}

/** Our end of every established connection to the two sides; zero where the kernel does not report it. */
export async function connectionsTo(upstreams: BalancerSpec['upstreams']): Promise<InFlight> {
  const established = [...establishedIn('/proc/net/tcp'), ...establishedIn('/proc/net/tcp6')];
  const count = async (slot: SlotName) => {
    const remote = new Set((await Promise.all(upstreams[slot].map(kernelForms))).flat());
    return established.filter((address) => remote.has(address)).length;
  };
  return { blue: await count('blue'), green: await count('green') };
}

/** The same for each instance of a side with several. */
export async function openPerInstance(upstreams: BalancerSpec['upstreams']): Promise<InstanceTraffic> {
  const established = [...establishedIn('/proc/net/tcp'), ...establishedIn('/proc/net/tcp6')];
  const count = async (endpoint: Endpoint) => {
    const forms = await kernelForms(endpoint);
    return { open: established.filter((address) => forms.includes(address)).length };
  };
  const side = (slot: SlotName) => (upstreams[slot].length === 1 ? [] : upstreams[slot].map(count));
  return { blue: await Promise.all(side('blue')), green: await Promise.all(side('green')) };
}

/** Remote addresses as the kernel writes them: `0100007F:1F90`. */
function establishedIn(path: string): readonly string[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n').slice(1);
    return lines
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '01')
      .map((fields) => fields[2] ?? '');
  } catch {
    return [];
  }
}

async function kernelForms(place: Endpoint): Promise<readonly string[]> {
  const port = place.port.toString(16).toUpperCase().padStart(4, '0');
  const found = await lookup(place.host, { family: 4, all: true }).catch(() => []);
  const forms = found.map(({ address }) => {
    const word = address
      .split('.')
      .toReversed()
      .map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'))
      .join('');
    return `${word}:${port}`;
  });
  // IPv6 loopback, the only IPv6 address that a slot of this machine has.
  return [...forms, `00000000000000000000000001000000:${port}`];
}
