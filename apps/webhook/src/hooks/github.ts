// GitHub signs the body: HMAC-SHA256 in X-Hub-Signature-256. Event and delivery id are headers, and not signed.
// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries

import { fitsHostEvent, readJsonObject } from '@bg/engine';
import { type Delivery, type Hook, maxIdLength, one, type Proof } from './hook.ts';
import { digestOf, provedBySha256 } from './secrets.ts';

/** `secrets`: any of them proves a delivery, so that a new one can be added before the old one is removed. */
export function githubHook(secrets: readonly string[]): Hook {
  return { name: 'github', tellsResult: false, verify: (delivery) => verify(secrets, delivery) };
}

function verify(secrets: readonly string[], { headers, body }: Delivery): Proof {
  const value = one(headers['x-hub-signature-256']);
  const problem = provedBySha256(secrets, body, { name: 'X-Hub-Signature-256', value });
  if (problem !== undefined) return { proved: false, problem };
  return read(headers, body);
}

/** The content is what was signed: it decides whether a delivery is a duplicate, whatever the id says. */
function read(headers: Delivery['headers'], signed: Buffer): Proof {
  const delivery = one(headers['x-github-delivery']);
  const kind = one(headers['x-github-event']);
  if (delivery === undefined || kind === undefined || delivery.length > maxIdLength)
    return { proved: true, problem: 'X-GitHub-Delivery and X-GitHub-Event are needed, once each' };
  if (!/^[a-z0-9_]{1,64}$/.test(kind))
    return { proved: true, problem: 'X-GitHub-Event names no event: expected letters, digits and _, at most 64' };
  const body = withoutForm(signed);
  const reading = readJsonObject(body);
  if (!reading.ok) return { proved: true, problem: reading.problem };
  if (!fitsHostEvent('github', kind, reading.value))
    return { proved: true, problem: `X-GitHub-Event says ${kind}, and the signed body is none` };
  return { proved: true, delivery, content: digestOf(signed), kind, body };
}

/**
 * A webhook that was set to `application/x-www-form-urlencoded` sends `payload=<JSON>`. The content type is not signed;
 * no JSON begins like that, so the signed bytes themselves show it.
 */
function withoutForm(signed: Buffer): Buffer {
  if (signed.subarray(0, 8).toString('latin1') !== 'payload=') return signed;
  return Buffer.from(new URLSearchParams(signed.toString('utf8')).get('payload') ?? '');
}
