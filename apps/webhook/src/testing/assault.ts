// Sends hostile requests over many connections at once, and counts what came back.

import { connect, type Socket } from 'node:net';
import { type Answer, createAnswerReader } from './answers.ts';
import { createDice, type HostileRequest, hostileRequest, type KnownSecrets } from './hostile.ts';

export interface AssaultOptions {
  readonly port: number;
  /** Addresses of this machine to send from. */
  readonly sources: readonly string[];
  readonly requests: number;
  readonly seed: number;
  readonly secrets: KnownSecrets;
  readonly connections: number;
}

export interface Losses {
  sent: number;
  /** By status. */
  readonly answers: Map<number, number>;
  /** Answers that have a Retry-After header. */
  toldToWait: number;
}

const mostInBatch = 40;
/** A request that is neither answered nor closed in this time counts as left. */
const patienceMs = 20_000;
const silenceMs = 300;

export async function assault(options: AssaultOptions): Promise<Losses> {
  const dice = createDice(options.seed);
  const losses: Losses = { sent: 0, answers: new Map(), toldToWait: 0 };
  let left = options.requests;

  function nextBatch(): readonly HostileRequest[] {
    const batch: HostileRequest[] = [];
    while (left > 0 && batch.length < mostInBatch && !batch.at(-1)?.isLast) {
      batch.push(hostileRequest(dice, options.secrets));
      left -= 1;
    }
    return batch;
  }

  async function work(source: string): Promise<void> {
    for (;;) {
      const batch = nextBatch();
      if (batch.length === 0) return;
      const received = await send(options.port, source, batch);
      losses.sent += batch.length;
      for (const { status, asksToWait } of received) {
        losses.answers.set(status, (losses.answers.get(status) ?? 0) + 1);
        losses.toldToWait += asksToWait ? 1 : 0;
      }
    }
  }
  await Promise.all(
    Array.from({ length: options.connections }, (_, at) => work(options.sources[at % options.sources.length] ?? '')),
  );
  return losses;
}

/** The polite ones at once, the last one when they are answered: what is broken hides the answers to what came before. */
function send(port: number, localAddress: string, batch: readonly HostileRequest[]): Promise<readonly Answer[]> {
  const polite = batch.filter(({ isLast }) => !isLast);
  const last = batch.find(({ isLast }) => isLast);
  return new Promise((resolve) => {
    const answers: Answer[] = [];
    const read = createAnswerReader();
    let silence: NodeJS.Timeout | undefined;
    const socket: Socket = connect({ port, host: '127.0.0.1', localAddress });
    const limit = setTimeout(() => socket.destroy(), patienceMs);
    function goOn(): void {
      if (answers.length < polite.length) return;
      if (answers.length > polite.length || !last) socket.destroy();
      else if (!silence) {
        socket.write(last.bytes);
        silence = setTimeout(() => socket.destroy(), silenceMs);
      }
    }
    socket.on('connect', () => {
      socket.write(Buffer.concat(polite.map(({ bytes }) => bytes)));
      goOn();
    });
    socket.on('data', (piece: Buffer) => {
      answers.push(...read(piece.toString('latin1')));
      goOn();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(limit);
      clearTimeout(silence);
      resolve(answers);
    });
  });
}

/** Opens connections that send next to nothing; resolves with how many the server let go of in time. */
export async function dawdle(port: number, connections: number, limitMs: number): Promise<number> {
  const beginnings = [
    '',
    'P',
    'POST /hooks/github HTTP/1.1\r\nhost: door\r\n',
    'POST /hooks/github HTTP/1.1\r\nhost: door\r\nx-hub-signature-256: a\r\ncontent-length: 1000\r\n\r\n{',
    'POST /hooks/github HTTP/1.1\r\nhost: door\r\nx-hub-signature-256: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n',
  ];
  const ends = await Promise.all(
    Array.from({ length: connections }, (_, at) => {
      const beginning = beginnings[at % beginnings.length] ?? '';
      return new Promise<boolean>((resolve) => {
        const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9' }, () => socket.write(beginning));
        const trickle = setInterval(() => beginning !== '' && socket.writable && socket.write('x'), 500);
        const limit = setTimeout(() => resolve(false), limitMs);
        socket.on('error', () => undefined);
        socket.resume();
        socket.on('close', () => {
          clearInterval(trickle);
          clearTimeout(limit);
          resolve(true);
        });
      });
    }),
  );
  return ends.filter((wasLetGo) => wasLetGo).length;
}
