// How the number of instances of a running side changes: what is added is healthy before it gets users, and what leaves gets
// none before it is stopped. Each part may be repeated, so that a change goes on after a kill from its beginning.

import type { SlotName } from '../../domain/target.ts';
import { probeInstances } from '../../environment/instance-checks.ts';
import { portsOf } from '../../environment/instances.ts';
import { pause } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Scaling } from '../../state/counts.ts';
import { type Core, healthOf, placeOf, type Target, urlOf } from '../core.ts';
import { placeOfCount, requireUnchanged, startCount } from '../plan/release-settings.ts';
import { askedNodes } from '../routing/silent-nodes.ts';
import { probeInstancesThrough } from '../run/steps/instances-through.ts';
import { seenIn } from '../seen-side.ts';
import { enoughOfCount } from '../side-checks.ts';

export interface Changing {
  readonly core: Core;
  readonly target: Target;
  readonly slot: SlotName;
  readonly release: { readonly version: string; readonly digest: string; readonly folder: string };
  readonly scaling: Scaling;
  /** Stores how many instances get users from now on. */
  readonly admit: (count: number) => void;
  /** Why the side may not be touched now, by the balancer's own account. */
  readonly isServed: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Undefined: done. A sentence: why not, and it is to be taken back. @throws what cannot be known now: it is tried again */
export async function scaleUp(changing: Changing): Promise<string | undefined> {
  const { core, target, slot, release, scaling, admit, signal } = changing;
  const { to } = scaling;
  const problem = await requireUnchanged(release, signal)
    .then(() => startCount(target, slot, release, { count: to, kind: 'addition' }))
    .then(
      () => undefined,
      (thrown: unknown) => messageOf(thrown),
    );
  if (problem !== undefined) return problem;
  const unhealthy = await whenHealthy(changing, to);
  if (unhealthy !== undefined || signal.aborted) return unhealthy;
  admit(to);
  await admitted(target);
  if (!(await changing.isServed())) return undefined;
  core.log.info(
    { target: target.name, slot, instances: to },
    'instances were added, and are proved through the balancer',
  );
  return provedThrough(changing, to);
}

/** Taken out of the load balancer, drained, then stopped; what stays was healthy before and after. */
export async function scaleDown(changing: Changing): Promise<string | undefined> {
  const { target, slot, release, scaling, admit, signal } = changing;
  const { to } = scaling;
  const before = await lacking(changing, to);
  // What is taken back was never enough: it goes down to what served before.
  if (before !== undefined && scaling.problem === undefined) return before;
  admit(to);
  await admitted(target);
  await drainedAbove(changing, to);
  if (signal.aborted) return undefined;
  const after = scaling.problem === undefined ? await lacking(changing, to) : undefined;
  if (after !== undefined) {
    admit(scaling.from);
    await admitted(target);
    return after;
  }
  // Once more, right before the stop: a balancer that was restarted meanwhile knows nothing of it.
  await admitted(target);
  await startCount(target, slot, release, { count: to, kind: 'rescue' });
  return undefined;
}

const admitted = async ({ balancer }: Target): Promise<void> => balancer.admit?.();

function urlsOf(target: Target, slot: SlotName, count: number): readonly string[] {
  return target.environment.addresses.endpoints(placeOfCount(target, slot, count)).map(urlOf);
}

function probed({ target, slot, release, signal }: Changing, count: number, enough: number) {
  const expected = { slot, version: release.version };
  return probeInstances({
    urls: urlsOf(target, slot, count),
    enough,
    expected,
    settings: healthOf(target, slot),
    signal,
  });
}

/** Of those that stay, so many must be healthy. */
async function lacking(changing: Changing, count: number): Promise<string | undefined> {
  const { core, target, slot, signal } = changing;
  const { failures, intervalMs } = healthOf(target, slot);
  for (let tries = 1; ; tries += 1) {
    const { healthy, problem } = await probed(changing, count, enoughOfCount(target, count));
    if (healthy || signal.aborted) return undefined;
    if (tries >= failures)
      return `fewer than enough of the ${count} that stay are healthy: ${problem ?? 'no reason given'}`;
    await pause(core.clock, Math.min(intervalMs, maxPollMs), signal);
  }
}

const maxPollMs = 1_000;
const startPollMs = 100;

async function whenHealthy(changing: Changing, count: number): Promise<string | undefined> {
  const { core, target, slot, signal } = changing;
  const { startupMs, successes, intervalMs } = healthOf(target, slot);
  const until = core.clock.monotonic() + startupMs;
  let inARow = 0;
  let problem = 'they never answered';
  while (core.clock.monotonic() < until && !signal.aborted) {
    if ((await seenIn(changing, slot))?.kind === 'stopped') return 'all of them have ended';
    const report = await probed(changing, count, count);
    inARow = report.healthy ? inARow + 1 : 0;
    if (inARow >= successes) return undefined;
    problem = report.problem ?? problem;
    await pause(core.clock, Math.min(intervalMs, inARow === 0 ? startPollMs : maxPollMs), signal);
  }
  return `not all ${count} were healthy within ${startupMs / 1000} s: ${problem}`;
}

/** Each instance by its number, through every node that answers; a balancer's own checks may need a moment. */
async function provedThrough(changing: Changing, count: number): Promise<string | undefined> {
  const { core, target, slot, release, signal } = changing;
  const { balancer } = target;
  const { intervalMs, successes, timeoutMs } = healthOf(target, slot);
  const until = core.clock.monotonic() + Math.max(leastProofMs, (successes + 1) * (intervalMs + timeoutMs));
  const expected = { slot, version: release.version };
  for (;;) {
    const { asked } = askedNodes(balancer.entrypoints, await balancer.observe());
    const nodes = await Promise.all(asked.map((node) => probeInstancesThrough(node, { target, expected, signal })));
    const ill = nodes.flatMap((each = []) => each.filter(({ healthy }) => !healthy))[0];
    const isWhole = nodes.every((each) => each === undefined || each.length === count);
    if ((!ill && isWhole) || signal.aborted) return undefined;
    if (core.clock.monotonic() >= until)
      return `instance ${ill?.instance} was not reached through the load balancer: ${ill?.problem ?? 'no reason given'}`;
    await pause(core.clock, maxPollMs / 2, signal);
  }
}

const leastProofMs = 10_000;
const drainPollMs = 100;

/** Until nothing is open on the instances above `count`, at most for the drain limit. */
async function drainedAbove(changing: Changing, count: number): Promise<void> {
  const { core, target, slot, signal } = changing;
  const { counts } = target.balancer;
  const until = core.clock.monotonic() + target.settings.drainLimitMs;
  while (core.clock.monotonic() < until && !signal.aborted) {
    const traffic = await counts?.instances?.().catch(() => undefined);
    const leaving = traffic?.[slot].slice(count) ?? [];
    if (leaving.length > 0 && leaving.every(({ open }) => open === 0)) return;
    if ((await seenIn(changing, slot))?.kind === 'stopped') return;
    await pause(core.clock, drainPollMs, signal);
  }
}

/** As they were started. */
export function startedCount({ environment, key }: Target, slot: SlotName): number {
  const started = environment.startedAs({ ...key, slot });
  return started ? portsOf(started).length : 0;
}

/** Whether what runs is at the addresses that are reserved now: only then does another number change nothing else. */
export function isAtReserved(target: Target, slot: SlotName): boolean {
  const { reserved } = target.settings.slots[slot];
  const started = portsOf(target.environment.addresses.asStarted(placeOf(target, slot)));
  return reserved !== undefined && started.every((port, at) => reserved[at] === port);
}
