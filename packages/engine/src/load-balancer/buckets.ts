// A user's bucket, 0…9999, as a cookie that only the balancer can make: a client can neither name a bucket nor compute
// the value of one. All drivers use the same values, so that a change of driver moves no user.

import { createHmac } from 'node:crypto';

/** The share of a canary is the buckets below it: raising it moves no user back. */
export const bucketsInAll = 10_000;

const tokenBytes = 12;

/** `secret` belongs to the target; only engine and balancer know it. 24 hexadecimal digits. */
export function bucketToken(secret: string, bucket: number): string {
  return keyed(secret, `bucket ${bucket}`).subarray(0, tokenBytes).toString('hex');
}

/** The token of each bucket, in order. */
export function bucketTokens(secret: string): readonly string[] {
  return Array.from({ length: bucketsInAll }, (_, bucket) => bucketToken(secret, bucket));
}

/** For balancers that read files: the bucket of each token, and the token of each bucket, one line each. */
export function bucketFiles(
  secret: string,
  line: (key: string, value: string) => string,
): Readonly<Record<'bucketOf' | 'tokenOf', string>> {
  const tokens = bucketTokens(secret);
  const lines = (each: (token: string, bucket: string) => string) =>
    tokens.map((token, bucket) => `${each(token, String(bucket).padStart(4, '0'))}\n`).join('');
  return {
    bucketOf: lines((token, bucket) => line(token, bucket)),
    tokenOf: lines((token, bucket) => line(bucket, token)),
  };
}

/** What a balancer mixes into names that users choose themselves, before it makes buckets of them. 32 hexadecimal digits. */
export const shareKey = (secret: string): string => keyed(secret, 'shares').subarray(0, 16).toString('hex');

/** For users who are recognised by a value that they choose, such as a header: they cannot compute its bucket. */
export function bucketOfName(secret: string, name: string): number {
  return keyed(secret, `name ${name}`).readUInt32BE() % bucketsInAll;
}

const keyed = (secret: string, text: string): Buffer => createHmac('sha256', secret).update(text).digest();
