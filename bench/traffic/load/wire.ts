// One connection as a plain socket: a request is written once, and what comes back is read whole or is broken. No library
// that would quietly try again.

import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** The head as it came, names in lower case. */
  readonly head: string;
  readonly body: Buffer;
}

export type Ended =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** `began`: a part of the answer had come. */
  | { readonly kind: 'broken'; readonly began: boolean; readonly problem: string };

export interface Line {
  /** False once the other side has closed or asked to. */
  usable(): boolean;
  /** One at a time. Never rejects. */
  ask(head: string, body: Buffer | undefined): Promise<Ended>;
  close(): void;
}

const answerLimitMs = 15_000;
const headEnd = Buffer.from('\r\n\r\n');

export function openLine(port: number): Line {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let received: Buffer[] = [];
  let waiting: ((ended: Ended) => void) | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function settle(ended: Ended): void {
    clearTimeout(timer);
    const resolve = waiting;
    waiting = undefined;
    received = [];
    resolve?.(ended);
  }
  function broken(problem: string): void {
    closed = true;
    settle({ kind: 'broken', began: received.length > 0, problem });
  }
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    const answer = readAnswer(received);
    if (answer === undefined) return;
    if (/\r\nconnection: *close/.test(answer.head)) closed = true;
    settle({ kind: 'answered', answer });
  });
  socket.on('error', (error) => broken(error.message));
  socket.on('end', () => broken('closed by the other side'));
  socket.on('close', () => broken('closed'));
  return {
    usable: () => !closed,
    ask: (head, body) =>
      new Promise((resolve) => {
        waiting = resolve;
        timer = setTimeout(() => {
          broken(`no whole answer within ${answerLimitMs / 1_000} s`);
          socket.destroy();
        }, answerLimitMs);
        write(socket, head, body);
      }),
    close: () => {
      closed = true;
      socket.destroy();
    },
  };
}

function write(socket: Socket, head: string, body: Buffer | undefined): void {
  if (body === undefined) {
    socket.write(head, 'latin1');
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body);
  socket.uncork();
}

/** Undefined while something is missing. An answer without a length is none: every service here sends one. */
function readAnswer(received: Buffer[]): Answer | undefined {
  const all = received.length === 1 ? (received[0] as Buffer) : Buffer.concat(received);
  received.splice(0, received.length, all);
  const end = all.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = all.toString('latin1', 0, end).toLowerCase();
  const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? Number.NaN);
  if (!(all.length >= end + 4 + length)) return undefined;
  return { status: Number(head.slice(9, 12)), head, body: all.subarray(end + 4, end + 4 + length) };
}

export const headerOf = (head: string, name: string): string | undefined =>
  new RegExp(`\\r\\n${name}: *([^\\r]*)`).exec(head)?.[1];
