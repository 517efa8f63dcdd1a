// The instances of both sides at every node: which of them get requests, and what each has answered.

import type { InstanceTraffic } from '../../domain/routing.ts';
import { BlueGreenError, hasCode } from '../../lib/errors.ts';
import { instanceName } from '../instances/checks.ts';
import type { Parts } from './parts.ts';

/** A node that does not answer follows once it does: the controller repeats this. */
export async function admit({ nodes, spec, place }: Parts): Promise<void> {
  const { admitted, upstreams } = spec;
  if (admitted === undefined) return;
  const sides = (['blue', 'green'] as const).filter((slot) => upstreams[slot].length > 1);
  const problems = await Promise.all(
    nodes.map(async ({ name, runtime }) => {
      const follows = async (slot: 'blue' | 'green') =>
        runtime.admit(`${place.name}_${slot}`, serversOf(slot, upstreams[slot].length, admitted[slot]));
      try {
        const done = await Promise.all(sides.map(follows));
        return done.every(Boolean) ? undefined : new BlueGreenError('balancer-unsettled', `${name} does not leave out`);
      } catch (thrown) {
        return thrown;
      }
    }),
  );
  const failed = problems.filter((problem) => problem !== undefined);
  const [first = undefined] = failed;
  const isSilent = (problem: unknown) => hasCode(problem, 'balancer-unreachable');
  if (failed.some((problem) => !isSilent(problem)) || (failed.length === nodes.length && failed.length > 0))
    throw failed.find((problem) => !isSilent(problem)) ?? first;
}

/** Each instance has two servers: one with checks, and one for when all checks fail. */
function serversOf(slot: 'blue' | 'green', count: number, admitted: number) {
  const named = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, at) => instanceName(slot, from + at + 1)).flatMap((name) => [
      name,
      `${name}-any`,
    ]);
  return { admitted: named(0, Math.min(admitted, count)), leftOut: named(admitted, count) };
}

/** Of the nodes that answer. @throws `balancer-unreachable` when none does */
export async function instanceTraffic({ nodes, place, spec }: Parts): Promise<InstanceTraffic> {
  const all = await Promise.allSettled(nodes.map(({ runtime }) => runtime.serverStats()));
  const stats = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const [refused] = all.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (stats.length === 0) throw refused;
  const side = (slot: 'blue' | 'green') => {
    const { length } = spec.upstreams[slot];
    if (length === 1) return [];
    return Array.from({ length }, (_, at) => {
      const name = `${place.name}_${slot}/${instanceName(slot, at + 1)}`;
      const servers = stats.flatMap((each) => [each.get(name) ?? [], each.get(`${name}-any`) ?? []].flat());
      return {
        open: servers.reduce((sum, { open }) => sum + open, 0),
        requests: servers.reduce((sum, { total }) => sum + total, 0),
        errors: servers.reduce((sum, { errors }) => sum + errors, 0),
      };
    });
  };
  return { blue: side('blue'), green: side('green') };
}
