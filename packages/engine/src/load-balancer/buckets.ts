// A user's bucket, 0…9999, as a cookie that only the balancer can make: a client can neither name a bucket nor work out
// the value of one. The same values for every driver, so that a change of driver moves nobody.

import { createHmac } from 'node:crypto';

/** The share of a canary is the buckets below it: raising it moves nobody back. */
export const bucketsInAll = 10_000;

const tokenBytes = 12;

/** `secret` is the target's own, known to engine and balancer only. 24 hexadecimal digits. */
export function bucketToken(secret: string, bucket: number): string {
  return keyed(secret, `bucket ${bucket}`).subarray(0, tokenBytes).toString('hex');
}

/** The token of each bucket, in order. */
export function bucketTokens(secret: string): readonly string[] {
  return Array.from({ length: bucketsInAll }, (_, bucket) => bucketToken(secret, bucket));
}

/** For users who are known by something that they choose themselves, such as a header: not to be worked out either. */
export function bucketOfName(secret: string, name: string): number {
  return keyed(secret, `name ${name}`).readUInt32BE() % bucketsInAll;
}

const keyed = (secret: string, text: string): Buffer => createHmac('sha256', secret).update(text).digest();
