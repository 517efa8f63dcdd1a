// HTTP over a unix socket, for processes of ours on the same machine. One request, one answer, a limit on both.

import { request as httpRequest } from 'node:http';
import { deadline } from './clock.ts';
import { BlueGreenError, messageOf } from './errors.ts';

export interface SocketRequest {
  /** Absolute path, under 108 bytes. */
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface SocketAnswer {
  readonly status: number;
  readonly body: string;
}

const maxBodyBytes = 1 << 20;

/** @throws BlueGreenError `http-timeout` or `http-failed`, naming method, path and socket. */
export async function requestOverSocket(request: SocketRequest): Promise<SocketAnswer> {
  const signal = deadline(request.timeoutMs);
  const name = `${request.method} ${request.path} on ${request.socket}`;
  try {
    return await exchange(request, signal);
  } catch (thrown) {
    if (signal.aborted)
      throw new BlueGreenError('http-timeout', `${name} gave no answer within ${request.timeoutMs} ms`, {}, thrown);
    throw new BlueGreenError('http-failed', `${name} failed: ${messageOf(thrown)}`, {}, thrown);
  }
}

function exchange({ socket, method, path, body }: SocketRequest, signal: AbortSignal): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: socket, method, path, signal, agent: false, headers: { connection: 'close' } };
    const outgoing = httpRequest(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > maxBodyBytes) outgoing.destroy(new Error(`the answer is longer than ${maxBodyBytes} bytes`));
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
