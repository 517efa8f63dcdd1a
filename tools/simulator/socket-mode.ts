// Socket Mode: the app comes to Slack. One ticket opens one connection; deliveries go round the open ones.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { DeliveryKind, Faults } from './faults.ts';
import { ACK_LIMIT_MS, type HttpAnswer } from './http-delivery.ts';
import { secretPart } from './ids.ts';
import { isRecord, type Json, parseJson, text } from './json.ts';
import { announce, type Workspace } from './store.ts';

const TICKET_LIFE_MS = 30_000;
const PING_EVERY_MS = 10_000;
const MOST_CONNECTIONS = 10;
export const SOCKET_PATH = '/link/';

export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets';

export interface Envelope {
  readonly kind: DeliveryKind;
  readonly payload: Json;
  readonly attempt: number;
  readonly reason: string;
}

export interface SocketMode {
  /** A ticket for one connection within 30 seconds. */
  ticket(): string;
  connected(): number;
  send(envelope: Envelope): Promise<HttpAnswer>;
  /** Says why, as Slack does every few hours, and closes unless it is only a warning. */
  disconnect(reason: DisconnectReason): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

interface Link {
  readonly workspace: Workspace;
  readonly faults: Pick<Faults, 'forSocket'>;
  readonly server: WebSocketServer;
  /** Ticket to the moment it ends. */
  readonly tickets: Map<string, number>;
  readonly open: WebSocket[];
  readonly waiting: Map<string, (answer: HttpAnswer) => void>;
  turn: number;
}

export function createSocketMode(workspace: Workspace, faults: Pick<Faults, 'forSocket'>): SocketMode {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
  const link: Link = { workspace, faults, server, tickets: new Map(), open: [], waiting: new Map(), turn: 0 };
  const pinging = setInterval(() => {
    for (const client of link.open) client.ping();
  }, PING_EVERY_MS);
  pinging.unref();
  return {
    ticket: () => {
      const ticket = secretPart();
      link.tickets.set(ticket, Date.now() + TICKET_LIFE_MS);
      return ticket;
    },
    connected: () => link.open.length,
    send: (envelope) => send(link, envelope),
    disconnect: (reason) => {
      for (const client of [...link.open]) sayGoodbye(client, reason);
    },
    upgrade: (request, socket, head) => upgrade(link, request, { socket, head }),
    close: () => {
      clearInterval(pinging);
      for (const client of link.open) client.terminate();
      server.close();
    },
  };
}

function send(link: Link, { kind, payload, attempt, reason }: Envelope): Promise<HttpAnswer> {
  const client = link.open[link.turn % Math.max(link.open.length, 1)];
  link.turn += 1;
  if (client === undefined) return Promise.resolve({ kind: 'unreachable', why: 'no socket is open' });
  const id = randomUUID();
  const envelope = { envelope_id: id, type: envelopeType(kind), accepts_response_payload: kind !== 'event', payload };
  client.send(
    JSON.stringify({ ...envelope, ...(kind === 'event' && { retry_attempt: attempt, retry_reason: reason }) }),
  );
  return new Promise((resolve) => {
    const finish = (answer: HttpAnswer): void => {
      clearTimeout(timer);
      link.waiting.delete(id);
      resolve(answer);
    };
    const timer = setTimeout(() => finish({ kind: 'timeout' }), ACK_LIMIT_MS);
    link.waiting.set(id, finish);
  });
}

function upgrade(
  link: Link,
  request: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const ticket = url.searchParams.get('ticket') ?? '';
  const isValid = url.pathname === SOCKET_PATH && (link.tickets.get(ticket) ?? 0) > Date.now();
  link.tickets.delete(ticket);
  if (isValid) link.server.handleUpgrade(request, socket, head, (client) => welcome(link, client));
  else socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
}

function welcome(link: Link, client: WebSocket): void {
  link.open.push(client);
  client.on('message', (bytes) => acknowledge(link, String(bytes)));
  client.on('error', () => client.terminate());
  client.on('close', () => {
    link.open.splice(link.open.indexOf(client), 1);
    announce(link.workspace, 'sockets');
  });
  const hello = {
    type: 'hello',
    connection_info: { app_id: link.workspace.app.id },
    num_connections: link.open.length,
    debug_info: { host: 'simulator', approximate_connection_time: 3600 },
  };
  client.send(JSON.stringify(hello));
  announce(link.workspace, 'sockets');
  // Slack greets a connection too many like any other, and closes it at once.
  const fault = link.faults.forSocket();
  if (fault !== undefined || link.open.length > MOST_CONNECTIONS) sayGoodbye(client, 'too_many_websockets');
}

function sayGoodbye(client: WebSocket, reason: DisconnectReason): void {
  client.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'simulator' } }));
  if (reason !== 'warning') client.close(1000);
}

function acknowledge(link: Link, frame: string): void {
  const ack = parseJson(frame);
  const id = isRecord(ack) ? text(ack.envelope_id) : undefined;
  if (!isRecord(ack) || id === undefined) return;
  const payload = isRecord(ack.payload) && Object.keys(ack.payload).length > 0 ? JSON.stringify(ack.payload) : '';
  link.waiting.get(id)?.({ kind: 'answered', status: 200, body: payload, headers: {} });
}

function envelopeType(kind: DeliveryKind): string {
  if (kind === 'command') return 'slash_commands';
  return kind === 'event' || kind === 'url_verification' ? 'events_api' : 'interactive';
}
