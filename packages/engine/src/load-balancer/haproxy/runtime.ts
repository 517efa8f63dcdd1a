// Commands to a running HAProxy over its runtime socket. A routing is changed by compare and swap: a version of the
// map is prepared first, then what is in force is read and judged, then the version is committed. HAProxy refuses to
// commit a version that is not newer than the one in force, so a writer that slept in between has lost, whenever it wakes.
//
// What remains: a writer with a lower fence that prepared its version after ours, and read before we committed, would win
// with its commit. So a writer ends only when the map shows no version beyond its own; a later writer reads our fence.

import { type CommandSession, openCommandSession, type SocketAddress } from '../../lib/command-socket.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { admitServers, type ServersOfSide } from './admission.ts';
import { fromWord, judgeOrder, mapKey, type RoutingOrder, toWord } from './routing-word.ts';

export interface Runtime {
  /** The process that answers now. @throws `balancer-unreachable` */
  status(): Promise<RuntimeStatus>;
  /** @throws `balancer-unreachable`; undefined when the map holds no routing. */
  read(): Promise<RoutingOrder | undefined>;
  /** Puts the order in force if it is not. @throws `balancer-stale-generation`, `fenced-out`, `balancer-unsettled` */
  change(order: RoutingOrder): Promise<void>;
  /** Puts back what was in force before a change of the same fence, lower generation or not. */
  restore(order: RoutingOrder): Promise<void>;
  /** Requests in flight and cumulated ones per proxy's name. */
  stats(): Promise<ReadonlyMap<string, ProxyStats>>;
  /** The same per server, as `backend/server`. */
  serverStats(): Promise<ReadonlyMap<string, ServerStats>>;
  /**
   * Of the backend, some servers get requests and some none. True when HAProxy was seen to do so.
   */
  admit(backend: string, servers: Omit<ServersOfSide, 'backend'>): Promise<boolean>;
  /** Streams of a backend that are older than that. */
  streams(backend: string, olderThanMs: number): Promise<readonly string[]>;
  endStream(id: string): Promise<void>;
}

export interface RuntimeStatus {
  readonly pid: number;
  /** Of the configuration that it runs; undefined when ours is not in it. */
  readonly digest: string | undefined;
  readonly version: string;
}

export interface ProxyStats {
  readonly open: number;
  readonly total: number;
}

export interface ServerStats extends ProxyStats {
  /** Answers 5xx, and connections and answers that failed. */
  readonly errors: number;
}

export interface RuntimeOptions {
  readonly address: SocketAddress;
  readonly mapFile: string;
  /** Name of the ring whose description carries the digest. */
  readonly ring: string;
}

const timeoutMs = 2_000;
const swapTries = 8;

export function createRuntime(options: RuntimeOptions): Runtime {
  const { mapFile, ring } = options;
  const talk = <T>(work: (session: CommandSession) => Promise<T>) => inSession(options.address, work);
  return {
    status: () =>
      talk(async (session) => {
        const info = await session.ask('show info');
        return {
          pid: Number(/^Pid: (\d+)$/m.exec(info)?.[1]),
          version: /^Version: (.+)$/m.exec(info)?.[1] ?? 'unknown',
          digest: digestIn(await session.ask('show events'), ring),
        };
      }),
    read: () => talk((session) => readMap(session, mapFile)),
    change: (order) => talk((session) => swap({ session, mapFile, order, mayReplace: judgeOrder })),
    restore: (order) =>
      talk((session) =>
        swap({ session, mapFile, order, mayReplace: (present) => (isPast(present, order) ? 'fenced-out' : 'newer') }),
      ),
    stats: () => talk(async (session) => parseStats(await session.ask('show stat -1 3 -1'))),
    serverStats: () => talk(async (session) => parseServerStats(await session.ask('show stat -1 4 -1'))),
    admit: (backend, servers) => talk((session) => admitServers(session, { backend, ...servers })),
    streams: (backend, olderThanMs) =>
      talk(async (session) => parseStreams(await session.ask('show sess'), backend, olderThanMs)),
    endStream: (id) => talk(async (session) => void (await session.ask(`shutdown session ${id}`))),
  };
}

const isPast = (present: RoutingOrder | undefined, order: RoutingOrder): boolean =>
  present !== undefined && order.fence < present.fence;

async function inSession<T>(address: SocketAddress, work: (session: CommandSession) => Promise<T>): Promise<T> {
  const session = await openCommandSession({ address, greeting: 'prompt', prompt: '\n> ', timeoutMs });
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

interface Swap {
  readonly session: CommandSession;
  readonly mapFile: string;
  readonly order: RoutingOrder;
  readonly mayReplace: typeof judgeOrder;
}

async function swap({ session, mapFile, order, mayReplace }: Swap): Promise<void> {
  for (let tries = 0; tries < swapTries; tries++) {
    const version = await prepare(session, mapFile);
    const present = await readMap(session, mapFile);
    const verdict = mayReplace(present, order);
    if (verdict === 'fenced-out' || verdict === 'stale-generation') throw refusal(verdict, present, order);
    if (verdict === 'newer' && !(await commit({ session, mapFile, version, order }))) continue;
    // Committed even when nothing changes: the version takes the place of those that others have prepared meanwhile.
    if (verdict === 'same' && !(await commit({ session, mapFile, version, order }))) continue;
    const { current, next } = await versions(session, mapFile);
    const seen = await readMap(session, mapFile);
    if (current === version && next === version && seen && toWord(seen) === toWord(order)) return;
  }
  throw new BlueGreenError('balancer-unsettled', 'the routing in HAProxy is changed by another program all the time');
}

async function prepare(session: CommandSession, mapFile: string): Promise<number> {
  const answer = await session.ask(`prepare map ${mapFile}`);
  const version = /^New version created: (\d+)$/.exec(answer)?.[1];
  if (version === undefined) throw unsettled('could not prepare a change', answer);
  return Number(version);
}

/** False when another version was committed first. */
async function commit({
  session,
  mapFile,
  version,
  order,
}: {
  readonly session: CommandSession;
  readonly mapFile: string;
  readonly version: number;
  readonly order: RoutingOrder;
}): Promise<boolean> {
  const added = await session.ask(`add map @${version} ${mapFile} ${mapKey} ${toWord(order)}`);
  if (added !== '') throw unsettled('did not take the routing', added);
  const committed = await session.ask(`commit map @${version} ${mapFile}`);
  if (committed === '') return true;
  if (/out of range/.test(committed)) return false;
  throw unsettled('did not commit the routing', committed);
}

async function readMap(session: CommandSession, mapFile: string): Promise<RoutingOrder | undefined> {
  const answer = await session.ask(`show map ${mapFile}`);
  if (/^Unknown map/.test(answer))
    throw new BlueGreenError('balancer-unreachable', `HAProxy runs without our configuration: it knows no ${mapFile}`);
  // `0x5581… routing 1:1:blue:…`
  const words = answer.split('\n').map((line) => line.trim().split(/\s+/));
  const [only, ...more] = words.filter(([, key]) => key === mapKey);
  return only === undefined || more.length > 0 ? undefined : fromWord(only[2] ?? '');
}

async function versions(session: CommandSession, mapFile: string) {
  const line = (await session.ask('show map')).split('\n').find((each) => each.includes(`(${mapFile})`)) ?? '';
  const [, current, next] = /curr_ver=(\d+) next_ver=(\d+)/.exec(line) ?? [];
  return { current: Number(current), next: Number(next) };
}

function refusal(
  verdict: 'fenced-out' | 'stale-generation',
  present: RoutingOrder | undefined,
  order: RoutingOrder,
): BlueGreenError {
  return verdict === 'fenced-out'
    ? new BlueGreenError('fenced-out', `fence ${order.fence} is lower than ${present?.fence}, which HAProxy has seen`)
    : new BlueGreenError(
        'balancer-stale-generation',
        `generation ${order.routing.generation} does not grow beyond ${present?.routing.generation}, which is in force`,
      );
}

const unsettled = (what: string, answer: string): BlueGreenError =>
  new BlueGreenError('balancer-unsettled', `HAProxy ${what}: ${answer.slice(0, 200)}`);

/** `  bluegreen_shop : digest 0f3a…`, one line per ring. */
function digestIn(events: string, ring: string): string | undefined {
  const line = events.split('\n').find((each) => each.trim().split(/\s/)[0] === ring);
  return /digest ([0-9a-f]{64})/.exec(line ?? '')?.[1];
}

/** One row per frontend and backend. */
function parseStats(csv: string): ReadonlyMap<string, ProxyStats> {
  const rows = rowsOf(csv);
  return new Map(rows.map((row) => [row.pxname ?? '', { open: Number(row.scur), total: Number(row.stot) }]));
}

function parseServerStats(csv: string): ReadonlyMap<string, ServerStats> {
  return new Map(
    rowsOf(csv).map((row) => {
      const errors = Number(row.hrsp_5xx) + Number(row.econ) + Number(row.eresp);
      return [`${row.pxname}/${row.svname}`, { open: Number(row.scur), total: Number(row.stot), errors }];
    }),
  );
}

/** CSV with a heading. */
function rowsOf(csv: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...rows] = csv.split('\n');
  const names = head.replace(/^# /, '').split(',');
  return rows
    .filter(Boolean)
    .map((row) => Object.fromEntries(row.split(',').map((cell, at) => [names[at] ?? '', cell])));
}

/** `0x55…: proto=tcpv4 src=… fe=x be=x_blue srv=blue ts=00 epoch=0 age=1m2s calls=…` */
function parseStreams(listing: string, backend: string, olderThanMs: number): readonly string[] {
  return listing.split('\n').flatMap((line) => {
    const [, id] = /^(0x[0-9a-f]+):/.exec(line) ?? [];
    const age = /\bage=(\S+)/.exec(line)?.[1] ?? '';
    return id !== undefined && line.includes(` be=${backend} `) && ageMs(age) > olderThanMs ? [id] : [];
  });
}

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

const ageMs = (age: string): number =>
  [...age.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
