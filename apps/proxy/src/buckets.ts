// The buckets of one target: made with its secret, and read back from what users send.

import { randomInt } from 'node:crypto';
import { bucketOfName, bucketsInAll, bucketTokens } from '@bg/engine/counting';

export interface Buckets {
  /** Undefined for any value that this target did not issue. */
  bucketOfToken(token: string): number | undefined;
  /** A new user's token. */
  draw(): string;
  bucketOfName(name: string): number;
}

/** The nonce is the secret that only the processes of this target know. */
export function bucketsOf(secret: string): Buckets {
  let tokens: readonly string[] | undefined;
  let buckets: ReadonlyMap<string, number> | undefined;
  // Made when the first user comes: a proxy that does not recognise users by cookies needs none.
  const all = (): readonly string[] => {
    tokens ??= bucketTokens(secret);
    return tokens;
  };
  return {
    bucketOfToken: (token) => {
      buckets ??= new Map(all().map((each, bucket) => [each, bucket]));
      return buckets.get(token);
    },
    draw: () => all()[randomInt(bucketsInAll)] ?? '',
    bucketOfName: (name) => bucketOfName(secret, name),
  };
}
