// Bitbucket Cloud signs the body: HMAC-SHA256 in X-Hub-Signature. Event and delivery id are headers, and not signed.
// https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/

import { fitsHostEvent, readJsonObject } from '@bg/engine';
import { type Delivery, type Hook, maxIdLength, one, type Proof } from './hook.ts';
import { digestOf, provedBySha256 } from './secrets.ts';

/** `secrets`: each of them proves a delivery, so that a new one can be added before the old one is removed. */
export function bitbucketHook(secrets: readonly string[]): Hook {
  return { name: 'bitbucket', tellsResult: false, verify: (delivery) => verify(secrets, delivery) };
}

function verify(secrets: readonly string[], { headers, body }: Delivery): Proof {
  const problem = provedBySha256(secrets, body, { name: 'X-Hub-Signature', value: one(headers['x-hub-signature']) });
  return problem === undefined ? read(headers, body) : { proved: false, problem };
}

/** The signed content decides whether a delivery is a duplicate, whatever its id says. */
function read(headers: Delivery['headers'], body: Buffer): Proof {
  const delivery = one(headers['x-request-uuid']);
  const kind = one(headers['x-event-key']);
  if (delivery === undefined || kind === undefined || delivery.length > maxIdLength)
    return { proved: true, problem: 'X-Request-UUID and X-Event-Key are needed, once each' };
  if (!/^[a-z_]{1,32}:[a-z_:]{1,64}$/.test(kind))
    return { proved: true, problem: 'X-Event-Key names no event: expected a key such as repo:push' };
  const reading = readJsonObject(body);
  if (!reading.ok) return { proved: true, problem: reading.problem };
  if (!fitsHostEvent('bitbucket', kind, reading.value))
    return { proved: true, problem: `X-Event-Key says ${kind}, and the signed body is none` };
  return { proved: true, delivery, content: digestOf(body), kind, body };
}
