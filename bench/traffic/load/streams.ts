// What stays open: event streams and WebSockets, each of which must stay whole and with one side until we close it.

import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Crowd } from './users.ts';

const sayEveryMs = 250;
const silenceLimitMs = 5_000;
const reopenMs = 200;

/** Opens another one when the last was cut, and counts that. */
export async function listenOn(crowd: Crowd): Promise<void> {
  while (!crowd.over.aborted) {
    const problem = await oneStream(crowd);
    if (problem === undefined) return;
    crowd.recorder.streamCut(`events: ${problem}`);
    await delay(reopenMs);
  }
}

/** Undefined when it was whole until we closed it. */
function oneStream({ port, over }: Crowd): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const events: string[] = [];
    let text = '';
    socket.setTimeout(silenceLimitMs, () => end('silent for too long'));
    const close = (): void => end(inOrder(events) ? undefined : 'events are missing or of two sides');
    function end(problem: string | undefined): void {
      over.removeEventListener('abort', close);
      socket.destroy();
      resolve(problem);
    }
    over.addEventListener('abort', close, { once: true });
    socket.on('error', (error) => end(error.message));
    socket.on('close', () => end('closed by the other side'));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (const [, event = ''] of text.matchAll(/data: (\w+ \d+)\n\n/g)) events.push(event);
      const rest = text.lastIndexOf('\n\n');
      if (rest >= 0) text = text.slice(rest + 2);
    });
    socket.write('GET /events HTTP/1.1\r\nHost: shop.example.com\r\nAccept: text/event-stream\r\n\r\n');
  });
}

function inOrder(events: readonly string[]): boolean {
  const side = events[0]?.split(' ')[0];
  return events.every((event, at) => event === `${side} ${at + 1}`);
}

export async function talkOn(crowd: Crowd): Promise<void> {
  while (!crowd.over.aborted) {
    const problem = await oneTalk(crowd);
    if (problem === undefined) return;
    crowd.recorder.streamCut(`WebSocket: ${problem}`);
    await delay(reopenMs);
  }
}

function oneTalk({ port, over }: Crowd): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/talk`);
    let said = 0;
    let side: string | undefined;
    let answeredAt = performance.now();
    const timer = setInterval(() => {
      if (performance.now() - answeredAt > silenceLimitMs) return end('no answer for too long');
      if (socket.readyState === WebSocket.OPEN) socket.send(String(++said));
    }, sayEveryMs);
    const close = (): void => end(undefined);
    function end(problem: string | undefined): void {
      clearInterval(timer);
      over.removeEventListener('abort', close);
      resolve(problem);
      socket.close();
    }
    over.addEventListener('abort', close, { once: true });
    socket.addEventListener('close', () => end('closed by the other side'));
    socket.addEventListener('error', () => end('broken'));
    socket.addEventListener('message', ({ data }) => {
      answeredAt = performance.now();
      const [from] = String(data).split(' ');
      side ??= from;
      if (from !== side) end(`began with ${side}, answered by ${from}`);
    });
  });
}
