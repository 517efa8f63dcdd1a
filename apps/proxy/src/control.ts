// The engine's interface to one target.

import type { IncomingMessage, Server } from 'node:http';
import type {
  FailedRequest,
  InstanceTraffic,
  ProxyConnections,
  ProxyStatus,
  RoutingOrder,
  SlotName,
  Traffic,
} from '@bg/engine';
import { bodyOf, createJsonServer } from './json-server.ts';
import type { Log } from './log.ts';
import { InvalidInput, parseOrder } from './parse.ts';

/** What the engine may ask. A refusal is thrown as `Refused`. */
export interface Commands {
  status(): ProxyStatus;
  changeRouting(order: RoutingOrder): Promise<void>;
  /** Reads the spec file again and follows it. */
  reload(): Promise<void>;
  traffic(sinceMs: number): Traffic;
  failures(slot: SlotName, sinceMs: number): readonly FailedRequest[];
  connections(): ProxyConnections;
  instances(): InstanceTraffic;
  shutdown(): void;
}

export function createControl(commands: Commands, log: Log): Server {
  const handlers = {
    'GET /routing': () => commands.status(),
    'PUT /routing': async (request: IncomingMessage) => {
      await commands.changeRouting(parseOrder(await bodyOf(request)));
      return commands.status();
    },
    'PUT /spec': async () => {
      await commands.reload();
      return commands.status();
    },
    'GET /traffic': (_request: IncomingMessage, url: URL) => commands.traffic(sinceOf(url)),
    'GET /failures': (_request: IncomingMessage, url: URL) => commands.failures(slotOf(url), sinceOf(url)),
    'GET /connections': () => commands.connections(),
    'GET /instances': () => commands.instances(),
    'POST /shutdown': () => {
      commands.shutdown();
      return {};
    },
  };
  return createJsonServer(handlers, log);
}

function sinceOf(url: URL): number {
  const since = Number(url.searchParams.get('since') ?? Number.NaN);
  if (!Number.isFinite(since)) throw new InvalidInput('since must be a time in ms since the epoch');
  return since;
}

function slotOf(url: URL): SlotName {
  const slot = url.searchParams.get('slot');
  if (slot !== 'blue' && slot !== 'green') throw new InvalidInput('slot must be blue or green');
  return slot;
}
