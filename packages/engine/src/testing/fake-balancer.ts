// A load balancer of one or more nodes in this process. It signs the part of the contract that the flow depends on, and
// can be made to fail in every way that the contract allows.

import type { FailedRequest } from '../domain/failed-request.ts';
import { noCounts, type ObservedNode, type Routing, type SideCounts, type Traffic } from '../domain/routing.ts';
import type { SlotName } from '../domain/target.ts';
import type { Clock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import type { BalancerCapabilities, Counts, LoadBalancer } from '../load-balancer/capabilities.ts';
import { createFailureList } from '../load-balancer/counting/failures.ts';
import { instanceHeader } from '../load-balancer/instances/checks.ts';
import type { ApplyOptions, BalancerSpec, GeneratedFile } from '../load-balancer/load-balancer.ts';
import { bucketHeader, createNode, endNode, type Node, probeHeader, startNode } from './fake-node.ts';

export interface FakeBalancer extends LoadBalancer {
  readonly counts: Counts;
}

export interface FakeBalancers {
  readonly nodes: readonly Node[];
  /** Every routing that was put in place, in order: `blue`, `blue + 10 % green`, `green, preview blue`. */
  readonly story: readonly string[];
  /** As one more engine holds it. */
  create(): FakeBalancer;
  /** The next writes are refused with this, until it is called without one. */
  refuse(why?: BlueGreenError): void;
  /** Failed requests cannot be listed from now on. */
  refuseFailures(why: Error): void;
  /** Changes the routing past every engine. */
  change(routing: Partial<Routing>): void;
  /** Adds this to what the side has answered, whenever it is asked. */
  busy(slot: SlotName, counts: { readonly requests?: number; readonly errors?: number; readonly open?: number }): void;
  /** Its process dies; its routing does not. All nodes without a number. */
  kill(at?: number): Promise<void>;
  /** What `configuration` says from now on. */
  generates(files: () => readonly GeneratedFile[]): void;
  /** `ensure` does not start it again until `bury` is called again with `false`. */
  bury(at: number, isGone?: boolean): void;
  close(): Promise<void>;
}

export interface FakeBalancersOptions {
  readonly spec: BalancerSpec;
  readonly clock: Clock;
  /** One for each node; the first is where users connect. */
  readonly ports?: readonly number[];
}

interface Held {
  readonly spec: BalancerSpec;
  readonly clock: Clock;
  readonly nodes: readonly Node[];
  readonly story: string[];
  readonly busy: Record<SlotName, SideCounts>;
  readonly buried: Set<Node>;
  files: () => readonly GeneratedFile[];
  refusal: BlueGreenError | undefined;
  unlisted: Error | undefined;
}

export function createFakeBalancers({ spec, clock, ports = [spec.listen.port] }: FakeBalancersOptions): FakeBalancers {
  const nodes = ports.map((port) => createNode(spec.listen.host, port));
  const busy = { blue: noCounts, green: noCounts };
  const held: Held = {
    ...{ spec, clock, nodes, story: [], busy, buried: new Set<Node>() },
    files: () => [],
    refusal: undefined,
    unlisted: undefined,
  };
  return {
    nodes,
    story: held.story,
    create: () => balancerOn(held),
    generates: (files) => {
      held.files = files;
    },
    refuse: (why) => {
      held.refusal = why;
    },
    refuseFailures: (why) => {
      held.unlisted = why;
    },
    change: (routing) => {
      for (const node of nodes) node.routing = { ...node.routing, generation: node.routing.generation + 1, ...routing };
    },
    busy: (slot, { requests = 0, errors = 0, open = 0 }) => {
      const statusClasses = { ...noCounts.statusClasses, '2xx': requests - errors, '5xx': errors };
      busy[slot] = { ...noCounts, requests, errors, open, statusClasses };
    },
    kill: async (at) => {
      await Promise.all(nodes.filter((_, index) => at === undefined || at === index).map(endNode));
    },
    bury: (at, isGone = true) => {
      const node = nodes[at];
      if (node) held.buried[isGone ? 'add' : 'delete'](node);
    },
    close: async () => {
      await Promise.all(nodes.map(endNode));
    },
  };
}

/** It cannot close single connections. */
export const fakeCapabilities: Omit<BalancerCapabilities, 'counts'> = {
  weights: { bucketHeader },
  sticky: { by: ['cookie', 'header', 'address'] },
  preview: { by: ['header', 'cookie'] },
  admission: { most: 64 },
};

function balancerOn(held: Held): FakeBalancer {
  const { nodes, spec, clock, buried } = held;
  return {
    entrypoints: nodes.map(({ name }) => name),
    probeHeaders: { [probeHeader]: 'yes' },
    instanceHeader,
    ensure: async () => {
      await Promise.all(nodes.filter((node) => !buried.has(node)).map((node) => startNode(node, spec, clock)));
    },
    apply: async (routing, fence, options) => apply(held, routing, fence, options),
    // Probes ask for their instance by its number, and its users are few: only real balancers show whom it leaves out.
    admit: async () => {},
    observe: async () => nodes.map(observed),
    configuration: () => held.files(),
    shutdown: async () => {
      await Promise.all(nodes.map(endNode));
    },
    ...fakeCapabilities,
    counts: {
      traffic: async (sinceMs) => trafficOf(held, sinceMs),
      failures: async (slot, sinceMs) => failuresOf(held, slot, sinceMs),
    },
  };
}

function observed({ name, server, routing, fence }: Node): ObservedNode {
  if (server) return { node: name, reachable: true, routing, fence };
  return { node: name, reachable: false, routing: undefined, problem: `${name} refuses the connection` };
}

function apply(held: Held, routing: Routing, fence: number, options: ApplyOptions = { direction: 'forward' }): void {
  const { nodes, story, refusal } = held;
  if (refusal) throw refusal;
  const alive = nodes.filter(({ server }) => server !== undefined);
  const dead = nodes.find(({ server }) => server === undefined);
  if (dead && (options.direction === 'forward' || alive.length === 0))
    throw new BlueGreenError('balancer-unreachable', `${dead.name} refuses the connection`);
  for (const node of alive) requireNewer(node, routing, fence);
  for (const node of alive) Object.assign(node, { routing, fence });
  if (story.at(-1) !== describe(routing)) story.push(describe(routing));
}

function requireNewer(node: Node, routing: Routing, fence: number): void {
  const { generation } = node.routing;
  if (fence < node.fence)
    throw new BlueGreenError('fenced-out', `${node.name} follows ${node.fence}, and ${fence} is lower`);
  const isSame = describe(routing) === describe(node.routing);
  if (routing.generation > generation || (routing.generation === generation && isSame)) return;
  throw new BlueGreenError('balancer-stale-generation', `${node.name} is at generation ${generation} already`);
}

function describe({ active, canary, preview }: Routing): string {
  const share = canary ? ` + ${canary.percent} % ${canary.slot}` : '';
  return `${active ?? 'nobody'}${share}${preview ? `, preview ${preview}` : ''}`;
}

function failuresOf({ nodes, unlisted }: Held, slot: SlotName, sinceMs: number): readonly FailedRequest[] {
  if (unlisted) throw unlisted;
  const list = createFailureList();
  for (const { slot: side, at, status, isConnectFailure, request } of nodes.flatMap((node) => node.answered))
    if (side === slot && status >= 500)
      list.add(at, { status, ms: 0, failure: isConnectFailure ? 'connect' : undefined, request });
  return list.since(sinceMs);
}

function trafficOf({ nodes, busy }: Held, sinceMs: number): Traffic {
  if (nodes.every(({ server }) => server === undefined))
    throw new BlueGreenError('balancer-unreachable', 'no node answers');
  const of = (slot: SlotName): SideCounts => {
    const answered = nodes.flatMap((node) => node.answered).filter((each) => each.slot === slot && each.at >= sinceMs);
    const inClass = (digit: number) => answered.filter(({ status }) => Math.floor(status / 100) === digit).length;
    const failed = answered.filter(({ isConnectFailure }) => isConnectFailure).length;
    const { requests, errors, open, statusClasses } = busy[slot];
    return {
      ...noCounts,
      requests: requests + answered.length,
      errors: errors + inClass(5),
      connectFailures: failed,
      open: open + nodes.reduce((sum, node) => sum + node.open[slot], 0),
      statusClasses: {
        '1xx': inClass(1),
        '2xx': statusClasses['2xx'] + inClass(2),
        '3xx': inClass(3),
        '4xx': inClass(4),
        '5xx': statusClasses['5xx'] + inClass(5),
      },
    };
  };
  return { blue: of('blue'), green: of('green'), missed: 0 };
}
