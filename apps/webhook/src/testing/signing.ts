// Signs as senders do, with other programs: GitHub's own package, the package of Standard Webhooks, openssl.

import { execFileSync } from 'node:child_process';
import { sign } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';

export type Headers = Readonly<Record<string, string>>;

export async function signedByOctokit(secret: string, body: Buffer, event: string, delivery: string): Promise<Headers> {
  return {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': delivery,
    'x-github-hook-id': '301',
    'x-hub-signature-256': await sign(secret, body.toString()),
    'user-agent': 'GitHub-Hookshot/044aadd',
  };
}

export function signedStandardly(secret: string, body: Buffer, id: string, at = new Date()): Headers {
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body.toString()),
  };
}

/** The key by its bytes in hex, as openssl takes one that is no text. */
export function hmacByOpenssl(key: Buffer, message: Buffer): Buffer {
  const argv = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`, '-binary'];
  return execFileSync('openssl', argv, { input: message, timeout: 30_000 });
}
