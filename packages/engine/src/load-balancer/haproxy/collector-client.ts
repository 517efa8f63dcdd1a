// The engine's end of the collector: started when nobody answers, asked for counts, ended with a managed balancer.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { requestOverSocket } from '../../lib/socket-http.ts';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import type { Traffic } from '../load-balancer.ts';
import type { CollectorSpec, CollectorStatus } from './collector/collector.ts';
import type { CollectorPlace } from './options.ts';

export interface CollectorClient {
  /** @throws `balancer-unreachable` when it cannot be started. */
  ensure(): Promise<void>;
  /** @throws `balancer-unreachable` */
  traffic(sinceMs: number): Promise<Traffic>;
  stop(): Promise<void>;
}

export interface CollectorClientOptions {
  readonly place: CollectorPlace;
  readonly spec: Omit<CollectorSpec, 'digest' | 'control' | 'counted'>;
  readonly node: string;
  readonly cwd: string;
  readonly clock: Clock;
}

const startLimitMs = 10_000;
const entry = join(import.meta.dirname, 'collector', 'main.ts');

export function createCollectorClient({ place, spec, node, cwd, clock }: CollectorClientOptions): CollectorClient {
  const whole = { ...spec, control: place.control, counted: place.counted };
  const wanted = { ...whole, digest: createHash('sha256').update(JSON.stringify(whole)).digest('hex') };
  const ask = async (method: string, path: string): Promise<unknown> =>
    JSON.parse((await requestOverSocket({ socket: place.control, method, path, timeoutMs: 5_000 })).body);
  const status = () => ask('GET', '/status').catch(() => undefined) as Promise<CollectorStatus | undefined>;
  const until = async (condition: () => Promise<boolean>) => {
    for (const end = clock.monotonic() + startLimitMs; clock.monotonic() < end; await clock.sleep(30))
      if (await condition()) return true;
    return false;
  };
  return {
    ensure: async () => {
      const present = await status();
      if (present?.digest === wanted.digest) return;
      if (present !== undefined) {
        await ask('POST', '/stop').catch(() => {});
        await until(async () => (await status()) === undefined);
      }
      writeFileAtomic(place.spec, `${JSON.stringify(wanted, undefined, 2)}\n`);
      // Nothing of our environment: what outlives us must not depend on who happened to start it.
      await spawnDetached({ argv: [node, entry, place.spec], cwd, env: {}, logFile: place.log });
      if (await until(async () => (await status())?.digest === wanted.digest)) return;
      const said = (readFileIfAny(place.log) ?? '').trimEnd().split('\n').slice(-3).join('\n');
      throw new BlueGreenError('balancer-unreachable', `the collector of requests did not start: ${said}`);
    },
    traffic: async (sinceMs) => {
      try {
        return (await ask('GET', `/traffic?since=${sinceMs}`)) as Traffic;
      } catch (thrown) {
        throw new BlueGreenError('balancer-unreachable', `requests are not counted: ${messageOf(thrown)}`, {}, thrown);
      }
    },
    stop: async () => {
      const present = await status();
      if (present === undefined) return;
      await ask('POST', '/stop').catch(() => {});
      await until(async () => !isAlive(present.pid));
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
