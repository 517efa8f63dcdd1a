// The page on a real engine, over real HTTP.

import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { WebSettings } from '@bg/engine';
import { silentLog } from '@bg/engine';
import { type Stage, setStage } from '../../../../test/support/stage.ts';
import type { HubLimits } from '../live/hub.ts';
import { type ServedWeb, serveWeb } from '../serve.ts';

export const token = 'a-token-for-tests-only';

export interface Served extends ServedWeb {
  readonly stage: Stage;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Got>;
  /** Whatever is written, as it is. */
  raw(text: string): Socket;
}

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes: number;
}

export const bearer = { authorization: `Bearer ${token}` };

export async function served(settings: Partial<WebSettings> = {}, live: Partial<HubLimits> = {}): Promise<Served> {
  const stage = await setStage();
  const web = await serveWeb({
    engine: stage.open('web'),
    settings: {
      host: '127.0.0.1',
      port: 0,
      token: { value: token },
      publicUrl: undefined,
      trustedHeader: undefined,
      trustedProxies: ['loopback'],
      ...settings,
    },
    log: silentLog,
    live,
  });
  return {
    ...web,
    stage,
    get: (path, headers = {}) => ask(web.port, { path, headers }),
    raw: (text) => {
      const socket = connect(web.port, '127.0.0.1');
      socket.write(text);
      return socket;
    },
  };
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function ask(port: number, { path, method = 'GET', headers = {}, body }: Asked): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const all = Buffer.concat(pieces);
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: all.toString('utf8'),
          bytes: all.length,
        });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

export interface Stream {
  readonly parts: readonly Received[];
  readonly text: () => string;
  readonly ended: Promise<void>;
  pause(): void;
  resume(): void;
  leave(): void;
}

export interface Received {
  readonly id: string;
  readonly key: string;
  readonly html: string;
}

/** What a browser does with `/api/events`, and when it stops reading. */
export function follow(port: number, keys: readonly string[], lastId?: string): Stream {
  const parts: Received[] = [];
  let text = '';
  let read = 0;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const path = `/api/events?${keys.map((key) => `watch=${encodeURIComponent(key)}`).join('&')}`;
  const headers = { ...bearer, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
  const sent = request({ port, host: '127.0.0.1', path, headers, agent: false });
  const answered = new Promise<import('node:http').IncomingMessage>((got) => sent.once('response', got));
  sent.on('error', () => resolve());
  sent.on('response', (answer) => {
    answer.setEncoding('utf8');
    answer.on('data', (piece: string) => {
      text += piece;
      for (let end = text.indexOf('\n\n', read); end >= 0; end = text.indexOf('\n\n', read)) {
        const event = text.slice(read, end);
        read = end + 2;
        const [, id] = /^id: (.*)$/m.exec(event) ?? [];
        const [, data] = /^data: (.*)$/m.exec(event) ?? [];
        if (id !== undefined && data !== undefined) parts.push({ id, ...(JSON.parse(data) as Omit<Received, 'id'>) });
      }
    });
    answer.on('error', () => resolve());
    answer.on('close', () => resolve());
  });
  sent.end();
  return {
    parts,
    text: () => text,
    ended,
    pause: () => void answered.then((answer) => answer.pause()),
    resume: () => void answered.then((answer) => answer.resume()),
    leave: () => sent.destroy(),
  };
}
