// The proof of a routing change: probes through every node of the balancer, routed as a new user is, that must see the
// expected release. "The command succeeded" is no proof. On the way back a node that is dead is left out, and named.

import type { Receipt } from '../../../api/deployment.ts';
import type { HealthSettings } from '../../../config/health/settings.ts';
import type { SlotName } from '../../../domain/target.ts';
import { probeHealth } from '../../../environment/health.ts';
import { pause } from '../../../lib/clock.ts';
import type { ApplyOptions } from '../../../load-balancer/load-balancer.ts';
import { readRouting } from '../../../state/targets.ts';
import { type Core, healthOf, type Target } from '../../core.ts';
import { askedNodes } from '../../routing/silent-nodes.ts';

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
  let { nodes, leftOut } = await probeAll(request);
  for (let round = 1; round < rounds && nodes.some(unproved) && !request.signal.aborted; round += 1) {
    await pause(core.clock, betweenRoundsMs, request.signal);
    ({ nodes, leftOut } = await probeAll(request));
  }
  const now = core.clock.now();
  return {
    at: now,
    generation: readRouting(core.store.db, target.key).intent.generation,
    expected,
    nodes,
    ...(leftOut.length === 0 ? {} : { leftOut }),
    proved: nodes.length > 0 && !nodes.some(unproved),
    ms: now - began,
    proof: proofThrough(healthOf(target, expected.slot)),
  };
}

const proofThrough = ({ type, check }: HealthSettings): Receipt['proof'] => (type === 'http' ? check : 'status-code');

type ProbedNode = Receipt['nodes'][number];

const unproved = ({ probes, seen }: ProbedNode): boolean => seen < probes;

/** Who is dead is asked in every round: one that died during the proof is not waited for either. */
async function probeAll(request: ProofRequest): Promise<Required<Pick<Receipt, 'nodes' | 'leftOut'>>> {
  const { balancer } = request.target;
  const observed = request.direction === 'back' ? await balancer.observe() : [];
  const { asked, leftOut } = askedNodes(balancer.entrypoints, observed);
  return { nodes: await Promise.all(asked.map((node) => probeNode(node, request))), leftOut };
}

async function probeNode(
  node: string,
  { target, expected, headers, probes, signal }: ProofRequest,
): Promise<ProbedNode> {
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
  return { node, probes, seen, problem };
}
