// Connections to one side. Uses node:http: only this client sends a request's head before the first byte of its body.

import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
  /** Idle connections end now, the others with the exchange that they carry. */
  retire(): void;
}

// A service closes connections that were idle (Node after 5 s, some after 2 s), and a request that meets this on its
// way is lost, because a POST must not be repeated. So the proxy does not use a connection again after 1 s of idleness,
// or 1 s before the end that the service announces in Keep-Alive. A new connection to the same machine costs little.
const idleMs = 1_000;

/** Not bounded by itself: every exchange has a place already (see places.ts), and none waits for another's connection. */
export function createUpstream({ host, port }: { readonly host: string; readonly port: number }): Upstream {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 1_024 });
  const keep = agent.keepSocketAlive.bind(agent) as (socket: Duplex) => boolean | undefined;
  const reuse = agent.reuseSocket.bind(agent);
  let retired = false;
  agent.keepSocketAlive = ((duplex: Duplex): boolean => {
    const socket = duplex as Socket;
    if (retired || keep(socket) !== true) return false;
    socket.setTimeout(Math.min(socket.timeout || idleMs, idleMs));
    // Bytes without a request would be taken for the next user's answer.
    socket.once('data', dropConnection);
    return true;
  }) as Agent['keepSocketAlive'];
  agent.reuseSocket = (duplex, request) => {
    const socket = duplex as Socket;
    socket.off('data', dropConnection);
    socket.setTimeout(0);
    reuse(socket, request);
  };
  return {
    host,
    port,
    agent,
    retire: () => {
      retired = true;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
  };
}

function dropConnection(this: Socket): void {
  this.destroy();
}
