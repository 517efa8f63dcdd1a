// The driver's end of the proxy's control socket: refusals become the errors that the interface promises.

import type { FailedRequest } from '../../domain/failed-request.ts';
import type { InstanceTraffic, Routing, Traffic } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { BlueGreenError, type ErrorCode, messageOf } from '../../lib/errors.ts';
import { requestOverSocket, type SocketAnswer } from '../../lib/http.ts';
import type { ProxyHostStatus, ProxyRefusal, ProxyStatus, ProxyTargetFiles, RoutingOrder } from './proxy-spec.ts';

export interface ControlClient {
  status(): Promise<ProxyStatus>;
  /** Resolves when the order is on disk and in force. */
  change(order: RoutingOrder): Promise<void>;
  reload(): Promise<void>;
  traffic(sinceMs: number): Promise<Traffic>;
  failures(slot: SlotName, sinceMs: number): Promise<readonly FailedRequest[]>;
  /** Undefined from a process that an earlier version started. */
  instances(): Promise<InstanceTraffic | undefined>;
  shutdown(): Promise<void>;
}

// A write waits for the disk twice; everything else is memory.
const answerWithinMs = 5_000;

const codeOf = {
  'stale-generation': 'balancer-stale-generation',
  'fenced-out': 'fenced-out',
  'not-persisted': 'balancer-unsettled',
  'port-in-use': 'port-in-use',
  invalid: 'balancer-unsettled',
  'not-found': 'balancer-unsettled',
} as const satisfies Record<ProxyRefusal['error'], ErrorCode>;

/** Every call @throws `balancer-unreachable` when no process answers on the socket; a change also `disk-full`. */
export function createControlClient(socket: string): ControlClient {
  const call = callerOf(socket);
  return {
    status: async () => readStatus(await call('GET', '/routing')),
    change: async (order) => void (await call('PUT', '/routing', order)),
    reload: async () => void (await call('PUT', '/spec')),
    traffic: async (sinceMs) => (await call('GET', `/traffic?since=${sinceMs}`)) as Traffic,
    failures: async (slot, sinceMs) =>
      (await call('GET', `/failures?slot=${slot}&since=${sinceMs}`)) as readonly FailedRequest[],
    instances: async () =>
      (await call('GET', '/instances').catch((thrown: unknown) => {
        if (/\/instances is not offered/.test(messageOf(thrown))) return undefined;
        throw thrown;
      })) as InstanceTraffic | undefined,
    shutdown: async () => void (await call('POST', '/shutdown')),
  };
}

/** The process that may serve several targets. */
export interface HostClient {
  add(files: ProxyTargetFiles): Promise<ProxyHostStatus>;
  status(): Promise<ProxyHostStatus>;
}

/** Every call @throws `balancer-unreachable` when no process answers on the socket; `add` also `port-in-use`. */
export function createHostClient(socket: string): HostClient {
  const call = callerOf(socket);
  return {
    add: async (files) => (await call('POST', '/targets', files)) as ProxyHostStatus,
    status: async () => (await call('GET', '/targets')) as ProxyHostStatus,
  };
}

type Caller = (method: string, path: string, value?: unknown) => Promise<unknown>;

function callerOf(socket: string): Caller {
  return async (method, path, value) => {
    const body = value === undefined ? {} : { body: JSON.stringify(value) };
    return readAnswer(await reach({ socket, method, path, timeoutMs: answerWithinMs, ...body }));
  };
}

async function reach(request: Parameters<typeof requestOverSocket>[0]): Promise<SocketAnswer> {
  try {
    return await requestOverSocket(request);
  } catch (thrown) {
    throw new BlueGreenError(
      'balancer-unreachable',
      `the load balancer does not answer: ${messageOf(thrown)}`,
      {},
      thrown,
    );
  }
}

function readAnswer({ status, body }: SocketAnswer): unknown {
  const value = parsed(body);
  if (status === 200) return value;
  const refusal = value as Partial<ProxyRefusal> | undefined;
  if (refusal?.error === 'not-persisted' && /\b(ENOSPC|EDQUOT)\b/.test(refusal.message ?? ''))
    throw new BlueGreenError('disk-full', `the disk of the load balancer is full: ${refusal.message}`);
  const code = refusal?.error && Object.hasOwn(codeOf, refusal.error) ? codeOf[refusal.error] : 'balancer-unsettled';
  throw new BlueGreenError(code, `the load balancer refused: ${refusal?.message ?? `status ${status}`}`);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new BlueGreenError(
      'balancer-unreachable',
      'the load balancer answered with something else than JSON',
      {},
      cause,
    );
  }
}

/** JSON leaves out what is undefined; the routing is given all its keys again, so that equal ones compare equal. */
function readStatus(value: unknown): ProxyStatus {
  const status = value as ProxyStatus;
  return { ...status, routing: status.routing && wholeRouting(status.routing) };
}

export function wholeRouting({ generation, active, canary, preview }: Routing): Routing {
  return { generation, active, canary: canary && { slot: canary.slot, percent: canary.percent }, preview };
}
