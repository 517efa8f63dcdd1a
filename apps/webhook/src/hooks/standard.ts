// Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body, on the bytes of the body. A library that
// decodes them to text first takes any two bodies that are no UTF-8 for the same.

import { type Delivery, maxIdLength, one } from './hook.ts';
import { anyEquals, hmac } from './secrets.ts';

export type Signed =
  | { readonly proved: true; readonly id: string }
  | { readonly proved: false; readonly problem: string };

const prefix = 'whsec_';
/** The standard asks for 24 to 64 bytes; the shorter can be guessed in time. */
export const leastSecretBytes = 24;
const toleranceSeconds = 300;
/** A sender that changes its secret signs with the old and the new one; no sender has ten. */
const mostSignatures = 10;

/** The key of `whsec_<base64>`; undefined where it is none, or too short. */
export function signingKey(secret: string): Buffer | undefined {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length >= leastSecretBytes ? key : undefined;
}

export function isSignedStandardly({ headers }: Delivery): boolean {
  return headers['webhook-signature'] !== undefined;
}

/** `keys`: any of them proves a delivery, so that a new one can be added before the old one is removed. */
export function verifyStandard(keys: readonly Buffer[], { headers, body }: Delivery, now: number): Signed {
  const id = one(headers['webhook-id']);
  const timestamp = one(headers['webhook-timestamp']);
  const signatures = one(headers['webhook-signature'])?.split(' ');
  if (id === undefined || timestamp === undefined || signatures === undefined)
    return refuse('webhook-id, webhook-timestamp and webhook-signature are needed, once each');
  if (id.length > maxIdLength) return refuse(`webhook-id is longer than ${maxIdLength} characters`);
  if (!/^\d{1,12}$/.test(timestamp)) return refuse('webhook-timestamp is not a time in seconds');
  if (signatures.length > mostSignatures) return refuse(`there are more than ${mostSignatures} signatures`);
  const expected = keys.map((key) => `v1,${hmac(key, [`${id}.${timestamp}.`, body], 'base64')}`);
  if (!signatures.map((signature) => anyEquals(signature, expected)).includes(true))
    return refuse('webhook-signature fits none of the secrets');
  // The time is signed, so only now is it known to be the sender's.
  const lateSeconds = now / 1000 - Number(timestamp);
  if (Math.abs(lateSeconds) > toleranceSeconds)
    return refuse(`signed ${Math.round(lateSeconds)} s ago by our clock: at most ${toleranceSeconds} are allowed`);
  return { proved: true, id };
}

function refuse(problem: string): Signed {
  return { proved: false, problem };
}
