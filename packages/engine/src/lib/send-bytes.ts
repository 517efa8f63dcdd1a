// Sends bytes to a socket, for protocols that answer nothing. For a stream, the other side's end is the only sign that
// it read all of it: this side sends its end first and waits for the other's. A datagram has no such sign at all.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, isIP, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { deadline } from './clock.ts';
import { BlueGreenError, messageOf } from './errors.ts';

export type StreamPlace =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** `ca`: PEM file in place of the authorities that Node knows. */
  | { readonly kind: 'tls'; readonly host: string; readonly port: number; readonly ca?: string | undefined }
  | { readonly kind: 'unix'; readonly path: string };

export interface Sending {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How long the other side may take to close after it was sent everything; some never do. */
const closeMs = 3_000;

/** One connection, which is closed. @throws BlueGreenError `send-failed`; the signal's reason when it aborts */
export async function sendStream(place: StreamPlace, bytes: Buffer, { timeoutMs, signal }: Sending): Promise<void> {
  const limit = deadline(timeoutMs, signal);
  const socket = opened(place);
  // Without this listener a late error would end the process.
  const failed = new Promise<never>((_, reject) => socket.once('error', reject));
  failed.catch(() => undefined);
  socket.resume();
  const closed = once(socket, 'close', { signal: limit });
  closed.catch(() => undefined);
  try {
    await Promise.race([failed, once(socket, place.kind === 'tls' ? 'secureConnect' : 'connect', { signal: limit })]);
    socket.end(bytes);
    await Promise.race([failed, once(socket, 'finish', { signal: limit })]);
    await Promise.race([failed, closed, patience(closeMs, limit)]);
  } catch (thrown) {
    signal.throwIfAborted();
    throw new BlueGreenError(
      'send-failed',
      limit.aborted ? `it took longer than ${timeoutMs / 1_000} s` : messageOf(thrown),
      {},
      thrown,
    );
  } finally {
    socket.destroy();
  }
}

/** @throws BlueGreenError `send-failed` where the file of the authority cannot be read */
function opened(place: StreamPlace): Socket {
  try {
    return open(place);
  } catch (thrown) {
    throw new BlueGreenError('send-failed', messageOf(thrown), {}, thrown);
  }
}

function open(place: StreamPlace): Socket {
  switch (place.kind) {
    case 'unix':
      return connect({ path: place.path });
    case 'tcp':
      return connect({ host: place.host, port: place.port });
    case 'tls':
      return connectTls({
        host: place.host,
        port: place.port,
        minVersion: 'TLSv1.2',
        // An address is no server name; the certificate is checked against it all the same.
        ...(isIP(place.host) === 0 ? { servername: place.host } : {}),
        ...(place.ca === undefined ? {} : { ca: readFileSync(place.ca) }),
      });
    default:
      return place satisfies never;
  }
}

/** Ends well after `ms`, since everything was written by then. */
async function patience(ms: number, signal: AbortSignal): Promise<void> {
  const over = deadline(ms);
  await once(AbortSignal.any([over, signal]), 'abort');
  if (!over.aborted) throw signal.reason;
}

/** @throws BlueGreenError `send-failed` where this machine knows, such as a closed port on it */
export async function sendDatagrams(
  { host, port }: { readonly host: string; readonly port: number },
  messages: readonly Buffer[],
  { timeoutMs, signal }: Sending,
): Promise<void> {
  const limit = deadline(timeoutMs, signal);
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const failed = new Promise<never>((_, reject) => socket.once('error', reject));
  failed.catch(() => undefined);
  try {
    socket.connect(port, host);
    await Promise.race([failed, once(socket, 'connect', { signal: limit })]);
    for (const message of messages)
      await Promise.race([
        failed,
        new Promise<void>((resolve, reject) =>
          socket.send(message, (problem) => (problem ? reject(problem) : resolve())),
        ),
      ]);
    // A port that is closed on this machine answers at once, after the send.
    await Promise.race([failed, patience(20, limit)]);
  } catch (thrown) {
    signal.throwIfAborted();
    throw new BlueGreenError('send-failed', messageOf(thrown), {}, thrown);
  } finally {
    socket.close();
  }
}
