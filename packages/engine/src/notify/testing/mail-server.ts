// A real mail server on a separate port, for tests: it stores what it accepts, and refuses, waits or dies on request.

import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** The mail as it came, headers and body. */
  readonly raw: string;
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
}

export interface MailServer {
  readonly port: number;
  readonly received: readonly Received[];
  /** Connections so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** What it says to a recipient or to a mail, and before it has taken it; nothing: taken. */
export interface Manners {
  readonly toRecipient?: (address: string) => Error | undefined;
  readonly toMail?: (received: Received) => Promise<Error | undefined> | Error | undefined;
  readonly options?: SMTPServerOptions;
  readonly port?: number;
}

export async function startMailServer({
  toRecipient,
  toMail,
  options = {},
  port = 0,
}: Manners = {}): Promise<MailServer> {
  const received: Received[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.disabledCommands ?? ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 500,
    onConnect(_session, done) {
      connections += 1;
      done();
    },
    onRcptTo: ({ address }, _session, done) => done(toRecipient?.(address)),
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', async () => {
        const { envelope, secure, user } = session;
        const one: Received = {
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(pieces).toString('utf8'),
          isEncrypted: secure,
          user: user as string | undefined,
        };
        const refusal = await toMail?.(one);
        if (refusal === undefined) received.push(one);
        done(refusal);
      });
    },
    ...options,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** What a mail server answers with. */
export function answer(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** The value of a header, its folded lines joined; encoded words as they came. */
export function header(raw: string, name: string): string | undefined {
  const [head = ''] = raw.split(/\r?\n\r?\n/, 1);
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1]?.trim();
}

/** The decoded part of this type. */
export function partOf(raw: string, type: string): string {
  const part = raw.split(/^--.*$/m).find((piece) => piece.includes(`Content-Type: ${type}`)) ?? '';
  const [head = '', ...body] = part.trimStart().split(/\r?\n\r?\n/);
  const text = body.join('\n\n');
  if (/base64/i.test(head)) return Buffer.from(text, 'base64').toString('utf8');
  if (!/quoted-printable/i.test(head)) return text;
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
