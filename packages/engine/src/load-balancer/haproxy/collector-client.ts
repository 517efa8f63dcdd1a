// The engine's end of a target's collector. It adds the target to the process that counts for the folder's other
// targets, else to a new one; asks it for counts; and ends it with a managed balancer.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FailedRequest } from '../../domain/failed-request.ts';
import type { Traffic } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { withFileLock } from '../../lib/file-lock.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { requestOverSocket } from '../../lib/http.ts';
import { ownProgram } from '../../lib/own-files.ts';
import { poll } from '../../lib/poll.ts';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import type { CollectorSpec, CollectorStatus } from './collector/collector.ts';
import type { CollectorHostStatus, CollectorTarget } from './collector/host.ts';
import type { CollectorPlace } from './options.ts';

export interface CollectorClient {
  /** @throws `balancer-unreachable` when it cannot be started. */
  ensure(): Promise<void>;
  /** @throws `balancer-unreachable` */
  traffic(sinceMs: number): Promise<Traffic>;
  /** @throws `balancer-unreachable` */
  failures(slot: SlotName, sinceMs: number): Promise<readonly FailedRequest[]>;
  stop(): Promise<void>;
}

export interface CollectorClientOptions {
  readonly place: CollectorPlace;
  readonly spec: Omit<CollectorSpec, 'digest' | 'control' | 'counted' | 'lineFormat'>;
  readonly node: string;
  readonly cwd: string;
  readonly clock: Clock;
}

const startLimitMs = 10_000;
const answerLimitMs = 5_000;
const entry = ownProgram(import.meta.url, 'collector/main.ts', 'collector');

/** Lines leave little garbage, and a large space for it only takes memory from the services. */
const smallYoungSpace = '--max-semi-space-size=4';

export function createCollectorClient(options: CollectorClientOptions): CollectorClient {
  const { place, spec, clock } = options;
  // A process that reads lines in another way is replaced, and the new one counts the log again.
  const whole = { ...spec, control: place.control, counted: place.counted, lineFormat: 4 };
  const wanted = { ...whole, digest: createHash('sha256').update(JSON.stringify(whole)).digest('hex') };
  const ask = askerOf(place.control);
  const status = () => ask('GET', '/status').catch(() => undefined) as Promise<CollectorStatus | undefined>;
  const until = untilOf(clock);
  const counted = (path: string): Promise<unknown> =>
    ask('GET', path).catch((thrown: unknown) => {
      throw new BlueGreenError('balancer-unreachable', `requests are not counted: ${messageOf(thrown)}`, {}, thrown);
    });
  const start = async () => {
    const present = await status();
    if (present?.digest === wanted.digest) return;
    if (present !== undefined) {
      await ask('POST', '/stop').catch(() => {});
      await until(async () => (await status()) === undefined);
    }
    writeFileAtomic(place.spec, `${JSON.stringify(wanted, undefined, 2)}\n`);
    if (!(await joinOthers(place))) await startAlone(options);
    if (await until(async () => (await status())?.digest === wanted.digest)) return;
    throw notStarted((readFileIfAny(place.log) ?? '').trimEnd().split('\n').slice(-3).join('\n'));
  };
  return {
    ensure: async () => {
      if ((await status())?.digest === wanted.digest) return;
      await withFileLock({ path: place.startLock, clock, holdMs: 4 * startLimitMs }, start);
    },
    traffic: async (sinceMs) => (await counted(`/traffic?since=${sinceMs}`)) as Traffic,
    failures: async (slot, sinceMs) =>
      (await counted(`/failures?slot=${slot}&since=${sinceMs}`)) as readonly FailedRequest[],
    stop: async () => {
      const present = await status();
      if (present === undefined) return;
      await ask('POST', '/stop').catch(() => {});
      await until(async () => !isAlive(present.pid) || (await hasLeft(place, present.pid)));
    },
  };
}

/** False where no process accepts further targets, or the one that does hangs. @throws `balancer-unreachable` */
async function joinOthers({ host, spec }: CollectorPlace): Promise<boolean> {
  const body = JSON.stringify({ spec } satisfies CollectorTarget);
  const answer = await requestOverSocket({
    socket: host,
    method: 'POST',
    path: '/targets',
    body,
    timeoutMs: answerLimitMs,
  }).catch(() => undefined);
  if (answer === undefined || answer.status === 200) return answer !== undefined;
  throw notStarted((JSON.parse(answer.body) as { readonly message: string }).message);
}

/** Nothing of our environment: what outlives us must not depend on what started it. Compiled once for all starts. */
async function startAlone({ node, cwd, place }: CollectorClientOptions): Promise<void> {
  const argv = [node, smallYoungSpace, entry, place.spec, place.host] as const;
  await spawnDetached({ argv, cwd, env: { NODE_COMPILE_CACHE: join(cwd, 'compiled') }, logFile: place.log });
}

/** Whether the process continues with other targets without this one. */
async function hasLeft({ host, spec }: CollectorPlace, pid: number): Promise<boolean> {
  const others = (await askerOf(host)('GET', '/targets').catch(() => undefined)) as CollectorHostStatus | undefined;
  return others?.pid === pid && others.specs.length > 0 && !others.specs.includes(spec);
}

const notStarted = (said: string): BlueGreenError =>
  new BlueGreenError('balancer-unreachable', `the collector of requests did not start: ${said}`);

const askerOf =
  (socket: string) =>
  async (method: string, path: string): Promise<unknown> =>
    JSON.parse((await requestOverSocket({ socket, method, path, timeoutMs: answerLimitMs })).body);

const untilOf =
  (clock: Clock) =>
  async (condition: () => Promise<boolean>): Promise<boolean> =>
    (await poll(condition, { clock, everyMs: 30, limitMs: startLimitMs })) !== undefined;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
