import { createHmac } from 'node:crypto';

/** Slack's request signature, version 0. `timestamp` is in seconds. */
export function sign(signingSecret: string, timestamp: number, rawBody: string): string {
  return `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${rawBody}`).digest('hex')}`;
}
