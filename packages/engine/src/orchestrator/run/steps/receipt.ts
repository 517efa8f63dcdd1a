// The proof of a routing change: probes through every node of the balancer, routed as a new user is, that must see the
// expected release. "The command succeeded" is no proof. On the way back a node that is dead is left out, and named.

import type { Receipt } from '../../../api/deployment.ts';
import type { HealthSettings } from '../../../config/health/settings.ts';
import type { SlotName } from '../../../domain/target.ts';
import { probeHealth } from '../../../environment/health.ts';
import type { InstanceHealth, SlotHealth } from '../../../environment/instance-checks.ts';
import { pause } from '../../../lib/clock.ts';
import type { ApplyOptions } from '../../../load-balancer/load-balancer.ts';
import { readRouting } from '../../../state/targets.ts';
import { type Core, endpointsOf, healthOf, type Target } from '../../core.ts';
import { askedNodes } from '../../routing/silent-nodes.ts';
import { type Needed, neededOf, probeSide } from '../../side-checks.ts';
import { probeInstancesThrough } from './instances-through.ts';

export interface ProofRequest {
  readonly core: Core;
  readonly target: Target;
  readonly expected: { readonly slot: SlotName; readonly version: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly probes: number;
  readonly direction: ApplyOptions['direction'];
  readonly signal: AbortSignal;
}

const rounds = 3;
const betweenRoundsMs = 500;
const atOnce = 5;

/** All probes of one round must see the expected side; a node that needs longer gets another round, three at most. */
export async function proveThrough(request: ProofRequest): Promise<Receipt> {
  const { core, target, expected } = request;
  const began = core.clock.now();
  let { nodes, leftOut, side } = await probeAll(request);
  const least = neededOf(target, expected.slot, neededBy(request));
  const isDone = () => !nodes.some((node) => lacksProbes(node) || lacksInstances(node, least)) && side.healthy;
  for (let round = 1; round < rounds && !isDone() && !request.signal.aborted; round += 1) {
    await pause(core.clock, betweenRoundsMs, request.signal);
    ({ nodes, leftOut, side } = await probeAll(request));
  }
  const now = core.clock.now();
  return {
    at: now,
    generation: readRouting(core.store.db, target.key).intent.generation,
    expected,
    nodes,
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(side.instances ? { instances: side.instances } : {}),
    proved: nodes.length > 0 && isDone(),
    ms: now - began,
    proof: proofThrough(healthOf(target, expected.slot)),
  };
}

const proofThrough = ({ type, check }: HealthSettings): Receipt['proof'] => (type === 'http' ? check : 'status-code');

type ProbedNode = Receipt['nodes'][number];

const lacksProbes = ({ probes, seen }: ProbedNode): boolean => seen < probes;

const lacksInstances = ({ instances }: ProbedNode, least: number): boolean =>
  instances !== undefined && instances.filter(({ healthy }) => healthy).length < least;

/** All of them before users are sent there, and enough of them on a way back. */
const neededBy = ({ direction }: ProofRequest): Needed => (direction === 'back' ? 'enough' : 'all');

/** Who is dead is asked in every round: one that died during the proof is not waited for either. */
async function probeAll(request: ProofRequest): Promise<Probed> {
  const { balancer } = request.target;
  const observed = request.direction === 'back' ? await balancer.observe() : [];
  const { asked, leftOut } = askedNodes(balancer.entrypoints, observed);
  const [side, ...nodes] = await Promise.all([
    probeInstancesOf(request),
    ...asked.map((node) => probeNode(node, request)),
  ]);
  return { nodes, leftOut, side };
}

interface Probed extends Required<Pick<Receipt, 'nodes' | 'leftOut'>> {
  readonly side: Pick<SlotHealth, 'healthy' | 'instances'>;
}

/** What the balancer chose proves nothing about the instances that it did not choose: each of several is asked directly. */
async function probeInstancesOf(request: ProofRequest): Promise<Probed['side']> {
  const { target, expected, signal } = request;
  if (endpointsOf(target, expected.slot).length === 1) return { healthy: true };
  return probeSide(target, { ...expected, needed: neededBy(request), signal });
}

async function probeNode(node: string, request: ProofRequest): Promise<ProbedNode> {
  const { target, expected, headers, probes, signal } = request;
  let seen = 0;
  let problem: string | undefined;
  for (let sent = 0; sent < probes && !signal.aborted; sent += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, probes - sent) }, () =>
      probeHealth({
        url: node,
        expected,
        settings: healthOf(target, expected.slot),
        through: { headers: { ...target.balancer.probeHeaders, ...headers } },
        signal,
      }),
    );
    for (const report of await Promise.all(batch)) {
      if (report.healthy) seen += 1;
      else problem ??= report.problem;
    }
  }
  const instances = await probeInstancesThrough(node, request);
  const ill = illOf(instances);
  if (ill) problem ??= `instance ${ill.instance}: ${reasonOf(ill)}`;
  return { node, probes, seen, problem, ...(instances ? { instances } : {}) };
}

const illOf = (instances: Receipt['instances'] = []) => instances.find(({ healthy }) => !healthy);

const reasonOf = ({ problem = 'no reason given' }: InstanceHealth): string => problem;

/** Why a receipt proves nothing, for a sentence. */
export function problemOf({ nodes, instances, expected: { slot, version } }: Receipt): string {
  const node = nodes.find(lacksProbes);
  const ill = illOf(instances);
  if (!node && ill) return `instance ${ill.instance} of ${slot}: ${reasonOf(ill)}`;
  const missing = nodes.find((each) => illOf(each.instances) !== undefined);
  if (!node && missing) return `${slot} through ${missing.node}: ${missing.problem ?? 'no reason given'}`;
  const { probes = 0, seen = 0, problem = 'no answer' } = node ?? {};
  return `${seen} of ${probes} probes through ${node?.node ?? 'no node'} saw ${version}: ${problem}`;
}
