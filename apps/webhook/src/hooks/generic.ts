// For every sender that can sign as Standard Webhooks has it (standardwebhooks.com): HMAC-SHA256 over id, time and body.

import { Webhook } from 'standardwebhooks';
import { type Delivery, type Hook, maxIdLength, one, type Proof } from './hook.ts';

/** `secrets`: any of them proves a delivery, so that a new one can be brought in before the old one goes. */
export function genericHook(secrets: readonly string[]): Hook {
  const keys = secrets.map((secret) => new Webhook(secret));
  return { name: 'generic', tellsResult: true, verify: (delivery) => verify(keys, delivery) };
}

function verify(keys: readonly Webhook[], { headers, body }: Delivery): Proof {
  const id = one(headers['webhook-id']);
  const timestamp = one(headers['webhook-timestamp']);
  const signature = one(headers['webhook-signature']);
  if (id === undefined || timestamp === undefined || signature === undefined)
    return { proved: false, problem: 'webhook-id, webhook-timestamp and webhook-signature are needed, once each' };
  if (id.length > maxIdLength) return { proved: false, problem: `webhook-id is longer than ${maxIdLength} characters` };
  if (!/^\d{1,12}$/.test(timestamp)) return { proved: false, problem: 'webhook-timestamp is not a time in seconds' };
  const signed = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  const problems = keys.map((key) => problemWith(key, body, signed));
  const proved = problems.includes(undefined);
  // The id is signed; the same words under another id are said once more on purpose.
  return proved
    ? { proved, delivery: id, content: id, kind: '' }
    : { proved, problem: problems[0] ?? 'no secret is configured' };
}

/** The package looks at the time (five minutes either way) and compares in constant time. */
function problemWith(key: Webhook, body: Buffer, signed: Record<string, string>): string | undefined {
  try {
    key.verify(body, signed, { jsonParse: false });
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
