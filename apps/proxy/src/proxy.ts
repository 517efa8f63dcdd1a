// One target: users' side, control side, and what both share. The port is the lock: a proxy that cannot listen on it
// ends before it touches the control socket or the routing file, so that two proxies never share one target's users.

import type { Server } from 'node:http';
import type { ProxySpec } from '@bg/engine';
import { createCounters } from '@bg/engine/counting';
import { followAccessLog } from './access-log.ts';
import { type Commands, createControl } from './control.ts';
import { createFront, type Front, type FrontOptions } from './front.ts';
import { listenOnSocket, Refused } from './json-server.ts';
import { codeOf, type Log, messageOf } from './log.ts';
import { InvalidInput, readSpec } from './parse.ts';
import { createPlaces } from './places.ts';
import { createRoutingKeeper, type RoutingKeeper } from './routing-state.ts';
import { admitInstances, createSite, instanceTraffic, retireSite, type Site } from './site.ts';
import { createStreams } from './streams.ts';

export interface RunningProxy {
  /** Ends it: no new connections, exchanges in flight end within `graceMs`. Repeated calls wait for the first. */
  close(graceMs: number): Promise<void>;
}

interface Live extends Shared {
  site: Site;
  front: Front;
  /** Undefined until the port is ours: another proxy may still be writing the file. */
  routing: RoutingKeeper | undefined;
  readonly startedAt: number;
}

/** What stays the same when address or spec change. */
type Shared = Pick<FrontOptions, 'counters' | 'places' | 'access' | 'streams' | 'log'>;

/** How long exchanges may go on when the address moved or the process ends. */
export const drainGraceMs = 10_000;

/** @throws InvalidInput for a bad spec file, Refused `port-in-use` naming the port. */
export async function startProxy(specFile: string, log: Log, onShutdown: () => void): Promise<RunningProxy> {
  const spec = readSpec(specFile);
  const counters = createCounters(Date.now);
  const streams = createStreams(() => live.site.spec.drainSpreadMs);
  const access = followAccessLog(() => live.site.spec.accessLog, log);
  const shared = { counters, places: createPlaces(), access, streams, log };
  const front = createFront(frontOptions(() => live, shared));
  const live: Live = { ...shared, front, site: createSite(spec, log), routing: undefined, startedAt: Date.now() };
  front.limitHeads(live.site.maxHeaderSize);
  try {
    await listen(front, spec);
    return await openControl(live, { specFile, log, onShutdown });
  } catch (thrown) {
    await front.close(0);
    retireSite(live.site);
    access.close();
    throw thrown;
  }
}

type Surroundings = Omit<CommandParts, 'live' | 'routing'>;

async function openControl(live: Live, { specFile, log, onShutdown }: Surroundings): Promise<RunningProxy> {
  const { spec } = live.site;
  // No request is read before this: a connection is accepted at the next turn of the event loop at the earliest.
  const routing = createRoutingKeeper(spec.routingFile);
  live.routing = routing;
  const { problem } = routing.current();
  if (problem !== undefined) log.error('the routing is not known; users get 503 until it is put in place', { problem });

  const control = createControl(commandsOf({ live, routing, specFile, log, onShutdown }), log);
  // The holder of the port holds the socket too.
  await listenOnSocket(control, spec.socket);
  log.info('started', { service: spec.service, target: spec.target, listen: spec.listen, ...routing.current() });
  let closing: Promise<void> | undefined;
  return {
    close: (graceMs) => {
      closing ??= close(live, control, graceMs);
      return closing;
    },
  };
}

function frontOptions(live: () => Live, shared: Shared): FrontOptions {
  return { ...shared, site: () => live().site, routing: () => live().routing?.current().routing };
}

async function listen(front: Front, { listen }: ProxySpec): Promise<void> {
  try {
    await front.listen(listen);
  } catch (thrown) {
    const place = `${listen.host}:${listen.port}`;
    const why = codeOf(thrown) === 'EADDRINUSE' ? 'is in use by another program' : `refused: ${messageOf(thrown)}`;
    throw new Refused('port-in-use', `cannot listen: ${place} ${why}`);
  }
}

interface CommandParts {
  readonly live: Live;
  readonly routing: RoutingKeeper;
  readonly specFile: string;
  readonly log: Log;
  readonly onShutdown: () => void;
}

function commandsOf({ live, routing: keeper, specFile, log, onShutdown }: CommandParts): Commands {
  return {
    status: () => {
      const { routing, fence, problem } = keeper.current();
      const { digest, admitted } = live.site.spec;
      const present = { routing, fence, pid: process.pid, startedAt: live.startedAt, digest, admitted };
      return problem === undefined ? present : { ...present, problem };
    },
    changeRouting: async (order) => {
      const change = await keeper.change(order);
      if (change.kind === 'refused') throw new Refused(change.why, change.message);
      live.streams.routed(order.routing);
      log.info('routing in force', { ...order });
    },
    reload: () => reload(live, specFile, log),
    traffic: (sinceMs) => live.counters.traffic(sinceMs),
    failures: (slot, sinceMs) => live.counters.failures(slot, sinceMs),
    connections: () => ({
      open: { blue: live.counters.open('blue'), green: live.counters.open('green') },
      clients: live.front.connections(),
    }),
    instances: () => instanceTraffic(live.site),
    shutdown: onShutdown,
  };
}

/** Follows a changed spec without a restart: requests in flight end on the connections they have. */
async function reload(live: Live, specFile: string, log: Log): Promise<void> {
  const spec = readSpec(specFile);
  const before = live.site.spec;
  if (spec.socket !== before.socket || spec.routingFile !== before.routingFile)
    throw new InvalidInput('socket and routing file cannot change while the proxy runs');
  const moved = spec.listen.host !== before.listen.host || spec.listen.port !== before.listen.port;
  const { front: oldFront, site: oldSite } = live;
  const site = createSite(spec, log, oldSite);
  if (moved) {
    const newFront = createFront(frontOptions(() => live, live));
    await listen(newFront, spec).catch((thrown) => {
      retireSite(site, oldSite);
      throw thrown;
    });
    live.front = newFront;
  }
  live.site = site;
  admitInstances(site);
  live.front.limitHeads(site.maxHeaderSize);
  log.info('spec in force', { digest: spec.digest, listen: spec.listen });
  retireSite(oldSite, site);
  // Not waited for: it ends when the last exchange on it has.
  if (moved) oldFront.close(drainGraceMs).catch((thrown) => log.trouble('old address', { why: messageOf(thrown) }));
}

/** The control socket goes first: closing it removes its file, which is the next proxy's as soon as the port is free. */
async function close(live: Live, control: Server, graceMs: number): Promise<void> {
  control.close();
  await live.front.close(graceMs);
  retireSite(live.site);
  live.access.close();
}
