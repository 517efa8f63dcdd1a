// Compares what was sent with what is known, in a time that reveals nothing of either.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Both are hashed first, so that even their lengths do not show; every secret is compared, whichever fits. */
export function anyEquals(given: string, known: readonly string[]): boolean {
  const digest = sha256(given);
  return known.map((secret) => timingSafeEqual(digest, sha256(secret))).includes(true);
}

export function hmac(key: string | Buffer, parts: readonly (string | Buffer)[], encoding: 'hex' | 'base64'): string {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest(encoding);
}

/**
 * Why a header of the form `sha256=<hex>` does not prove the body; undefined where it does. Each of the secrets is tried.
 */
export function provedBySha256(
  secrets: readonly string[],
  body: Buffer,
  { name, value }: { readonly name: string; readonly value: string | undefined },
): string | undefined {
  if (value === undefined || !/^sha256=[0-9a-f]{64}$/.test(value))
    return `there is no ${name} of the form sha256=<64 hex digits>`;
  const expected = secrets.map((secret) => `sha256=${hmac(secret, [body], 'hex')}`);
  return anyEquals(value, expected) ? undefined : `${name} fits none of the secrets`;
}

export function digestOf(text: string | Buffer): string {
  return sha256(text).toString('hex');
}

function sha256(value: string | Buffer): Buffer {
  return createHash('sha256').update(value).digest();
}
