// Everything that follows from one spec: replaced as a whole when the spec changes, while requests in flight keep theirs.

import type { ProxySpec, SlotName } from '@bg/engine';
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

/** @throws InvalidInput for a proxy that is trusted and has no address. */
export function createSite(spec: ProxySpec, log: Log): Site {
  const isTrusted = trustIn(spec.trustedProxies ?? []);
  return {
    spec,
    secrets: secretsOf(spec),
    secretNames: secretNamesOf(spec),
    buckets: bucketsOf(spec.probe.nonce),
    isTrusted,
    maxHeaderSize: spec.maxHeaderBytes ?? defaultMaxHeaderBytes,
    sides: { blue: createSide('blue', spec, log), green: createSide('green', spec, log) },
  };
}

export function retireSite({ sides }: Site): void {
  sides.blue.retire();
  sides.green.retire();
}
