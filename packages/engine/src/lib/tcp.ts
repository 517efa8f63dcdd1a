// One TCP connection, opened and closed: does anything listen there?

import { connect } from 'node:net';
import { deadline } from './clock.ts';
import { BlueGreenError, messageOf } from './errors.ts';

export interface TcpRequest {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** @throws BlueGreenError `tcp-failed`, naming the address; the signal's reason when it aborts */
export async function openTcp({ host, port, timeoutMs, signal }: TcpRequest): Promise<void> {
  const limit = deadline(timeoutMs, signal);
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const socket = connect({ host, port, signal: limit });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    const problem = limit.aborted ? `accepted no connection within ${timeoutMs} ms` : `refuses: ${messageOf(thrown)}`;
    throw new BlueGreenError('tcp-failed', `${address} ${problem}`, {}, thrown);
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

/** @throws the signal's reason when it aborts */
export async function accepts(request: TcpRequest): Promise<boolean> {
  try {
    await openTcp(request);
    return true;
  } catch (thrown) {
    if (request.signal?.aborted) throw thrown;
    return false;
  }
}
