// One controller after the other is armed and dies, or is stopped for longer than its lease; another one always competes.

import type { Controller } from './controllers.ts';
import type { Moment, Order } from './moments.ts';

export interface Killing {
  /** Resolves when the first one is armed. */
  readonly armed: Promise<unknown>;
  /** No controller dies from then on. Stopped ones have woken, seen that the lease is lost, and ended. */
  end(): Promise<Killed>;
}

export interface Killed {
  readonly reached: number;
  /** What all of them passed. */
  readonly moments: readonly Moment[];
  /** The controller that is left. */
  readonly survivor: Controller;
  readonly problems: readonly string[];
}

const lookMs = 10;
const lostLease = /lost the lease|fenced out/;

export function startKilling(orders: readonly Order[], first: Controller, begin: () => Controller): Killing {
  let victim = first;
  let next: Controller | undefined = begin();
  let reached = 0;
  let isOver = false;
  const used: Controller[] = [];
  const waking: Promise<void>[] = [];
  const problems: string[] = [];
  const orderOf = (at: number): Order | 'only-record' => orders[at] ?? 'only-record';

  async function leave(struck: Controller, successor: Controller, signal: Order['signal']): Promise<void> {
    reached += 1;
    used.push(struck);
    if (signal !== 'SIGSTOP') return;
    waking.push(wakeAfter(struck, successor, problems));
    // The lease of a stopped one lasts for a while: a third controller must not be the one that takes it.
    await tookOver(successor);
  }

  async function follow(): Promise<void> {
    for (const { signal } of orders) {
      while (victim.ended() === undefined && !victim.isStopped()) {
        if (isOver) return;
        await pause(lookMs);
      }
      const ended = victim.ended() ?? 'SIGSTOP';
      if (ended !== signal)
        problems.push(`a controller ended by itself (${ended}): ${victim.lines.slice(-3).join('\n')}`);
      if (next === undefined) return;
      await leave(victim, next, signal);
      victim = next;
      next = reached < orders.length ? begin() : undefined;
      await next?.arm(orderOf(reached + 1));
    }
  }

  /** Its moment may have come after the end. */
  async function calmed(): Promise<Controller> {
    const lives = await victim.arm('only-record').then(
      () => true,
      () => false,
    );
    if (!lives) {
      // It died at the very end of the play.
      if (victim.ended() === orders[reached]?.signal) reached += 1;
      return next ?? begin();
    }
    // A stopped process takes no SIGTERM.
    await next?.kill(next.isStopped() ? 'SIGKILL' : 'SIGTERM');
    return victim;
  }

  const armed = Promise.all([victim.arm(orderOf(0)), next.arm(orderOf(1))]);
  const following = armed.then(follow).catch((thrown: unknown) => void problems.push(String(thrown)));
  return {
    armed,
    end: async () => {
      isOver = true;
      await following;
      await Promise.all(waking);
      const moments = [...used, victim].flatMap((each) => each.moments);
      const survivor = await calmed();
      return { reached, moments, survivor, problems };
    },
  };
}

async function tookOver(successor: Controller): Promise<void> {
  const end = Date.now() + wakeLimitMs;
  while (successor.moments.length === 0 && successor.ended() === undefined && Date.now() < end) await pause(lookMs);
}

/**
 * While the act is still to be done: what a stopped controller holds of this machine, as the lock of a slot, is released
 * when it wakes or dies, and not before.
 */
async function wakeAfter(controller: Controller, successor: Controller, problems: string[]): Promise<void> {
  await tookOver(successor);
  await pause(longerMs);
  await wake(controller, problems);
}

/** A controller that was stopped past its lease does nothing more but say so. It is ended then. */
export async function wake(controller: Controller, problems: string[]): Promise<void> {
  const known = controller.moments.length;
  controller.signal('SIGCONT');
  const end = Date.now() + wakeLimitMs;
  while (!controller.lines.some((line) => lostLease.test(line)) && Date.now() < end) await pause(lookMs);
  if (Date.now() >= end) problems.push('a controller woke and never saw that the lease is lost');
  await controller.kill('SIGTERM');
  const late = controller.moments
    .slice(known)
    .filter(({ label, edge }) => label.startsWith('commit') && edge === 'after');
  for (const { label } of late) problems.push(`after its lease it wrote: ${label}`);
}

const wakeLimitMs = 60_000;
/** The successor is in the midst of the act. */
const longerMs = 1_000;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
