// How a batch of rows gets to one destination. Each sender resolves when the destination has the batch, as far as its
// protocol can show it, and throws otherwise: then the batch is sent again.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { AuditDestination, SyslogAddress } from '../../config/audit/audit.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import { appendDurably } from '../../lib/append.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { httpRequest } from '../../lib/http.ts';
import { sendDatagrams, sendStream } from '../../lib/send-bytes.ts';
import { datagramBytes, jsonOf, messageBytes, syslogOf } from './lines.ts';

export interface Sender {
  readonly name: string;
  /** For people; without a secret. */
  readonly place: string;
  send(rows: readonly AuditRow[], signal: AbortSignal): Promise<void>;
}

const timeoutMs = 20_000;

export function senderTo(destination: AuditDestination): Sender {
  const { name } = destination;
  switch (destination.driver) {
    case 'syslog':
      return { name, place: addressText(destination.address), send: toSyslog(destination.address) };
    case 'file':
      return { name, place: destination.path, send: async (rows) => appendDurably(destination.path, linesOf(rows)) };
    case 'http':
      return { name, place: new URL(destination.url).origin, send: toCollector(destination) };
    default:
      return destination satisfies never;
  }
}

function addressText(address: SyslogAddress): string {
  return address.kind === 'unix' ? address.path : `${address.kind}://${address.host}:${address.port}`;
}

const linesOf = (rows: readonly AuditRow[]): string => rows.map((row) => `${jsonOf(row)}\n`).join('');

function toSyslog(address: SyslogAddress): Sender['send'] {
  const host = hostname();
  if (address.kind === 'udp')
    return (rows, signal) =>
      sendDatagrams(
        address,
        rows.map((row) => syslogOf(row, { host, mostBytes: datagramBytes })),
        { timeoutMs, signal },
      );
  return async (rows, signal) => {
    const framed = rows.flatMap((row) => {
      const message = syslogOf(row, { host, mostBytes: messageBytes });
      // RFC 6587: the length in front, so that a line break within a message ends nothing.
      return [Buffer.from(`${message.length} `), message];
    });
    await sendStream(address, Buffer.concat(framed), { timeoutMs, signal });
  };
}

function toCollector({ url, token }: Extract<AuditDestination, { driver: 'http' }>): Sender['send'] {
  return async (rows, signal) => {
    const secret = token?.file === undefined ? token?.value : readFileSync(token.file, 'utf8').trim();
    const [first, last] = [rows.at(0)?.seq ?? 0, rows.at(-1)?.seq ?? 0];
    const answer = await httpRequest({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        // The same batch has the same key: a collector that knows such keys keeps it once.
        'idempotency-key': `audit-${first}-${last}-${rows.at(-1)?.hash.slice(0, 16)}`,
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      },
      body: linesOf(rows),
      timeoutMs,
      signal,
    });
    if (answer.status >= 200 && answer.status < 300) return;
    throw new BlueGreenError('send-failed', `it answered ${answer.status}`, { status: answer.status });
  };
}
