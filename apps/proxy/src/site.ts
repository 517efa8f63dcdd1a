// Everything that follows from one spec: replaced as a whole when the spec changes, while requests in flight keep theirs.

import { isDeepStrictEqual } from 'node:util';
import type { InstanceTraffic, ProxySpec, SlotName } from '@bg/engine';
import { type Buckets, bucketsOf } from './buckets.ts';
import { type Secrets, secretsOf } from './choose-side.ts';
import { type SecretNames, secretNamesOf } from './headers.ts';
import type { Log } from './log.ts';
import { createSide, type Side } from './side.ts';
import { type Trust, trustIn } from './source.ts';

export interface Site {
  readonly spec: ProxySpec;
  readonly secrets: Secrets;
  readonly secretNames: SecretNames;
  readonly buckets: Buckets;
  /** Whose forwarded headers are believed. */
  readonly isTrusted: Trust;
  /** Of an answer's head; see front.ts for that of a request. */
  readonly maxHeaderSize: number;
  readonly sides: Readonly<Record<SlotName, Side>>;
}

export const defaultMaxHeaderBytes = 16 << 10;

/**
 * Sides that stay as they were go on, with what is known of their instances. @throws InvalidInput for a proxy that is
 * trusted and has no address.
 */
export function createSite(spec: ProxySpec, log: Log, before?: Site): Site {
  const isTrusted = trustIn(spec.trustedProxies ?? []);
  return {
    spec,
    secrets: secretsOf(spec),
    secretNames: secretNamesOf(spec),
    buckets: bucketsOf(spec.probe.nonce),
    isTrusted,
    maxHeaderSize: spec.maxHeaderBytes ?? defaultMaxHeaderBytes,
    sides: { blue: sideOf('blue', spec, log, before), green: sideOf('green', spec, log, before) },
  };
}

function sideOf(slot: SlotName, spec: ProxySpec, log: Log, before: Site | undefined): Side {
  const isSame =
    before !== undefined &&
    isDeepStrictEqual(before.spec.upstreams[slot], spec.upstreams[slot]) &&
    isDeepStrictEqual(before.spec.checks, spec.checks);
  return isSame ? before.sides[slot] : createSide(slot, spec, log);
}

/** Once it is the one in force. */
export function admitInstances({ sides, spec: { admitted } }: Site): void {
  sides.blue.admit(admitted?.blue);
  sides.green.admit(admitted?.green);
}

export function instanceTraffic({ sides }: Site): InstanceTraffic {
  const countsOf = ({ hasSeveral, instances }: Side) =>
    hasSeveral ? instances.map(({ open, requests, errors }) => ({ open, requests, errors })) : [];
  return { blue: countsOf(sides.blue), green: countsOf(sides.green) };
}

/** `except`: the one that takes its place may have its sides. */
export function retireSite({ sides }: Site, except?: Site): void {
  for (const slot of ['blue', 'green'] as const) if (except?.sides[slot] !== sides[slot]) sides[slot].retire();
}
