// Deliveries as GitHub sends them, each another one: the end of a workflow run, with its number, signed.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const payloads = join(import.meta.dirname, '../../apps/webhook/src/testing/payloads/github');
/** Thirteen digits, so that every number of a run is as long as the others. */
const firstRun = 7_000_000_000_000;

export interface SignedDelivery {
  readonly head: string;
  readonly body: Buffer;
}

const template = Buffer.from(JSON.stringify(payloadOf(firstRun)));
const at = template.indexOf(String(firstRun));

/** Of a body, in bytes. */
export const deliveryBytes = template.length;

export const deliveryId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export function signedDelivery(number: number, secret: string): SignedDelivery {
  const body = Buffer.from(template);
  body.write(String(firstRun + number), at, 'latin1');
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const head = [
    'POST /hooks/github HTTP/1.1',
    'Host: 127.0.0.1',
    'User-Agent: GitHub-Hookshot/044aadd',
    'Accept: */*',
    'Content-Type: application/json',
    'X-GitHub-Event: workflow_run',
    `X-GitHub-Delivery: ${deliveryId(number)}`,
    `X-Hub-Signature-256: sha256=${signature}`,
    `Content-Length: ${body.length}`,
  ];
  return { head: `${head.join('\r\n')}\r\n\r\n`, body };
}

function payloadOf(run: number): unknown {
  const payload = JSON.parse(readFileSync(join(payloads, 'workflow-run-success.json'), 'utf8')) as {
    readonly workflow_run: object;
  };
  return { ...payload, workflow_run: { ...payload.workflow_run, id: run } };
}
