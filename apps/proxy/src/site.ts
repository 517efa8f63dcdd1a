// Everything that follows from one spec: replaced as a whole when the spec changes, while requests in flight keep theirs.

import type { ProxySpec, SlotName } from '@bg/engine';
import { type Buckets, bucketsOf } from './buckets.ts';
import { type Secrets, secretsOf } from './choose-side.ts';
import { type SecretNames, secretNamesOf } from './headers.ts';
import { type Trust, trustIn } from './source.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export interface Site {
  readonly spec: ProxySpec;
  readonly secrets: Secrets;
  readonly secretNames: SecretNames;
  readonly buckets: Buckets;
  /** Whose forwarded headers are believed. */
  readonly isTrusted: Trust;
  /** Of an answer's head; see front.ts for that of a request. */
  readonly maxHeaderSize: number;
  readonly upstreams: Readonly<Record<SlotName, Upstream>>;
}

export const defaultMaxHeaderBytes = 16 << 10;

/** @throws InvalidInput for a proxy that is trusted and has no address. */
export function createSite(spec: ProxySpec): Site {
  return {
    spec,
    secrets: secretsOf(spec),
    secretNames: secretNamesOf(spec),
    buckets: bucketsOf(spec.probe.nonce),
    isTrusted: trustIn(spec.trustedProxies ?? []),
    maxHeaderSize: spec.maxHeaderBytes ?? defaultMaxHeaderBytes,
    upstreams: { blue: createUpstream(spec.upstreams.blue[0]), green: createUpstream(spec.upstreams.green[0]) },
  };
}

export function retireSite({ upstreams }: Site): void {
  upstreams.blue.retire();
  upstreams.green.retire();
}
