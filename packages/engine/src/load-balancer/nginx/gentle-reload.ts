// A reload that cuts no request. A worker that is replaced closes its idle connections, and a request that meets this
// on its way is lost. So the driver first asks nginx to close each connection with its next answer, as HTTP provides;
// when none is idle any more, or the longest idle time has passed, nothing is left to be cut.

import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { poll } from '../../lib/poll.ts';
import type { Asker } from './ask.ts';
import { beginClosing, closingForMs, endClosing } from './closing.ts';
import type { NginxNode } from './node.ts';

export interface GentleReload {
  readonly node: NginxNode;
  readonly asker: Asker;
  readonly routing: string;
  /** Of the configuration that must be in force afterwards. */
  readonly digest: string;
  /** Where the new configuration listens; the old one may do so elsewhere. */
  readonly before: Asker;
  readonly clock: Clock;
}

/** `keepalive_timeout` of the configuration: no connection is idle for longer. */
const longestIdleMs = 30_000;
const lookEveryMs = 50;
const followWithinMs = 15_000;
/** The master starts new workers, sleeps 100 ms and then ends the old ones; two of them must not overlap. */
const settledMs = 300;

/** Resolves when the new configuration answers and the old workers take no new connection. @throws `balancer-unsettled` */
export async function reloadGently(options: GentleReload): Promise<void> {
  const { node, asker, routing, digest, before, clock } = options;
  try {
    beginClosing(routing, clock);
    const isIdle = async () => (await idleConnections(before)) === 0;
    await poll(isIdle, { clock, everyMs: lookEveryMs, limitMs: longestIdleMs });
    await node.reload();
    await followed(asker, digest, clock);
  } finally {
    endClosing(routing);
  }
}

/** What an engine that died in the middle of a reload has left. */
export function forgetOldReload(routing: string, clock: Clock): void {
  const pastMs = closingForMs(routing, clock);
  if (pastMs !== undefined && pastMs > longestIdleMs + 2 * followWithinMs) endClosing(routing);
}

/** @throws `balancer-unsettled` */
export async function followed(asker: Asker, digest: string, clock: Clock): Promise<void> {
  const limit = clock.monotonic() + followWithinMs;
  for (let inRow = 0; inRow * lookEveryMs < settledMs; ) {
    const now = await asker.settings().catch(() => undefined);
    inRow = now === digest ? inRow + 1 : 0;
    if (clock.monotonic() > limit)
      throw new BlueGreenError(
        'balancer-unsettled',
        'nginx accepted its new configuration but was not seen to follow it',
      );
    await clock.sleep(lookEveryMs);
  }
}

async function idleConnections(asker: Asker): Promise<number> {
  return asker.connections().then(
    ({ idle }) => idle,
    () => 0,
  );
}
