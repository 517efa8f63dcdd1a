// One node of the fake balancer: a real, small HTTP proxy in this process, so that probes and smoke tests come the way
// that users come. It knows the preview's token, the probes and the shares; it neither keeps users on a side nor closes
// streams.

import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Routing } from '../domain/routing.ts';
import type { SlotName } from '../domain/target.ts';
import type { Clock } from '../lib/clock.ts';
import { bucketsInAll } from '../load-balancer/buckets.ts';
import type { RequestFacts } from '../load-balancer/counting/failures.ts';
import { instanceHeader, servedInstanceHeader } from '../load-balancer/instances/checks.ts';
import type { BalancerSpec } from '../load-balancer/load-balancer.ts';
import { closed } from './fake-machine.ts';

export const probeHeader = 'x-fake-probe';
export const bucketHeader = 'x-fake-bucket';

/** One request of a user that a side has answered. */
export interface Answered {
  readonly slot: SlotName;
  readonly at: number;
  readonly status: number;
  readonly isConnectFailure: boolean;
  readonly request: RequestFacts;
}

export interface Node {
  readonly name: string;
  readonly port: number;
  readonly answered: Answered[];
  readonly open: Record<SlotName, number>;
  /** What is on its disk: it outlives the node's process. */
  routing: Routing;
  fence: number;
  /** A probe that asks for this instance reaches the first one. */
  misled: number | undefined;
  /** Undefined while nothing runs. */
  server: Server | undefined;
}

export function createNode(host: string, port: number): Node {
  const routing: Routing = { generation: 0, active: undefined, canary: undefined, preview: undefined };
  const name = `http://${host}:${port}`;
  return {
    name,
    port,
    answered: [],
    open: { blue: 0, green: 0 },
    routing,
    fence: 0,
    misled: undefined,
    server: undefined,
  };
}

export async function startNode(node: Node, spec: BalancerSpec, clock: Clock): Promise<void> {
  if (node.server) return;
  const server = createServer((request, response) => serve({ node, spec, clock }, request, response));
  node.server = server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(node.port, spec.listen.host, resolve);
  });
}

export async function endNode(node: Node): Promise<void> {
  const { server } = node;
  node.server = undefined;
  if (server) await closed(server);
}

interface Serving {
  readonly node: Node;
  readonly spec: BalancerSpec;
  readonly clock: Clock;
}

function serve(serving: Serving, request: IncomingMessage, response: ServerResponse): void {
  const { node, spec } = serving;
  const isProbe = request.headers[probeHeader] !== undefined;
  const isPreview = node.routing.preview !== undefined && asksForPreview(request, spec);
  const slot = isPreview ? node.routing.preview : sideFor(node.routing, request);
  if (slot === undefined) {
    response.writeHead(503, { 'retry-after': '1' }).end('no release is active');
    return;
  }
  if (isProbe || isPreview) response.setHeader('x-served-by', slot);
  if (isPreview) response.setHeader('cache-control', 'private, no-store').setHeader('vary', spec.preview?.header ?? '');
  const asked = isProbe ? askedInstance(serving, slot, request) : undefined;
  if (asked !== undefined) response.setHeader(servedInstanceHeader, asked);
  pass({ ...serving, slot, asked, isCounted: !isProbe && !isPreview }, request, response);
}

/** Of several. */
function askedInstance({ node, spec }: Serving, slot: SlotName, { headers }: IncomingMessage): number | undefined {
  const number = Number(headers[instanceHeader]);
  if (spec.upstreams[slot].length === 1 || !spec.upstreams[slot][number - 1]) return undefined;
  return number === node.misled ? 1 : number;
}

function sideFor({ active, canary }: Routing, { headers }: IncomingMessage): SlotName | undefined {
  if (!canary) return active;
  const named = headers[bucketHeader];
  const bucket = named === undefined ? Math.floor(Math.random() * bucketsInAll) : Number(named);
  return bucket < (canary.percent / 100) * bucketsInAll ? canary.slot : active;
}

const cookiesOf = ({ headers }: IncomingMessage): readonly string[] => (headers.cookie ?? '').split(/; */);

function asksForPreview(request: IncomingMessage, { preview }: BalancerSpec): boolean {
  if (!preview) return false;
  const { header, cookie, token } = preview;
  return request.headers[header] === token || cookiesOf(request).includes(`${cookie}=${token}`);
}

interface Passing extends Serving {
  readonly slot: SlotName;
  readonly asked: number | undefined;
  readonly isCounted: boolean;
}

function pass(
  { node, spec, clock, slot, asked, isCounted }: Passing,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { method, url } = request;
  const end = (status: number, isConnectFailure: boolean) => {
    node.open[slot] -= 1;
    const id = request.headers['x-request-id'];
    const facts = { id: Array.isArray(id) ? undefined : id, method, path: url };
    if (isCounted) node.answered.push({ slot, at: clock.now(), status, isConnectFailure, request: facts });
  };
  node.open[slot] += 1;
  const outgoing = httpRequest({
    ...(spec.upstreams[slot][asked === undefined ? node.answered.length % spec.upstreams[slot].length : asked - 1] ??
      spec.upstreams[slot][0]),
    method,
    path: url,
    headers: headersFor(request, spec),
    agent: false,
  });
  outgoing.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.once('close', () => end(answer.statusCode ?? 502, false));
  });
  outgoing.once('error', () => {
    end(502, true);
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  request.pipe(outgoing);
}

/** No service sees a token. */
function headersFor(request: IncomingMessage, { preview }: BalancerSpec): IncomingMessage['headers'] {
  const own = new Set([probeHeader, bucketHeader, instanceHeader, preview?.header, 'connection']);
  const cookie = cookiesOf(request)
    .filter((each) => preview === undefined || !each.startsWith(`${preview.cookie}=`))
    .join('; ');
  const rest = Object.entries(request.headers).filter(([name]) => !own.has(name) && name !== 'cookie');
  return { ...Object.fromEntries(rest), ...(cookie === '' ? {} : { cookie }), connection: 'close' };
}
