// One controller after the other is armed and dies, or is stopped for longer than its lease; another one always competes.

import type { Controller } from './controllers.ts';
import type { Moment, Order } from './moments.ts';

export interface Killing {
  /** Resolves when the first one is armed. */
  readonly armed: Promise<unknown>;
  /** No controller dies from then on. Stopped ones wake, see that the lease is lost, and end. */
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
  const problems: string[] = [];
  const orderOf = (at: number): Order | 'only-record' => orders[at] ?? 'only-record';

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
      reached += 1;
      used.push(victim);
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
    await next?.kill('SIGTERM');
    return victim;
  }

  const armed = Promise.all([victim.arm(orderOf(0)), next.arm(orderOf(1))]);
  const following = armed.then(follow).catch((thrown: unknown) => void problems.push(String(thrown)));
  return {
    armed,
    end: async () => {
      isOver = true;
      await following;
      await Promise.all(used.filter((each) => each.isStopped()).map((each) => wake(each, problems)));
      const moments = [...used, victim].flatMap((each) => each.moments);
      const survivor = await calmed();
      return { reached, moments, survivor, problems };
    },
  };
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
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
