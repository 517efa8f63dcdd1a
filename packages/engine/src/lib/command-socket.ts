// A session with a program that takes one command per line and ends each answer with a prompt. All commands of a
// session reach the same process: when that process ends, the session ends too.

import { connect, type NetConnectOpts } from 'node:net';
import { BlueGreenError, messageOf } from './errors.ts';

export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

export interface CommandSession {
  /** One line, without its end. The answer comes without the prompt and without spaces around it. */
  ask(command: string): Promise<string>;
  close(): void;
}

export interface CommandSocketOptions {
  readonly address: SocketAddress;
  /** The command that makes the program answer with prompts. */
  readonly greeting: string;
  /** What ends an answer. */
  readonly prompt: string;
  /** For connecting, and for each answer. */
  readonly timeoutMs: number;
}

const maxAnswerBytes = 4 << 20;

/** @throws BlueGreenError `balancer-unreachable`, here and at every question. */
export async function openCommandSession(options: CommandSocketOptions): Promise<CommandSession> {
  const { address, greeting, prompt, timeoutMs } = options;
  const name = 'path' in address ? address.path : `${address.host}:${address.port}`;
  const socket = connect({ ...address } as NetConnectOpts);
  let text = '';
  let waiting: { resolve(answer: string): void; reject(reason: Error): void } | undefined;
  let ended: Error | undefined;
  const end = (why: string, cause?: unknown) => {
    ended ??= new BlueGreenError('balancer-unreachable', `${name} ${why}`, {}, cause);
    waiting?.reject(ended);
    socket.destroy();
  };
  socket.setEncoding('utf8');
  socket.setTimeout(timeoutMs, () => end(`gave no answer within ${timeoutMs} ms`));
  socket.on('error', (cause) => end(`does not answer: ${messageOf(cause)}`, cause));
  socket.on('close', () => end('ended the conversation'));
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > maxAnswerBytes) return end(`answered with more than ${maxAnswerBytes} bytes`);
    if (!text.endsWith(prompt)) return;
    const answer = text.slice(0, -prompt.length).trim();
    text = '';
    waiting?.resolve(answer);
  });
  const ask = (command: string) =>
    new Promise<string>((resolve, reject) => {
      if (ended) return reject(ended);
      waiting = { resolve, reject };
      socket.setTimeout(timeoutMs);
      socket.write(`${command}\n`);
    });
  await ask(greeting);
  return { ask, close: () => void socket.destroy() };
}
