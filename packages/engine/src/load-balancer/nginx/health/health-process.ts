// Starts, replaces and ends the process that asks a target's instances whether they are healthy. Only a target whose
// sides have several instances has one.

import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { withFileLock } from '../../../lib/file-lock.ts';
import { readFileIfAny, writeFileAtomic } from '../../../lib/files.ts';
import { ownProgram } from '../../../lib/own-files.ts';
import { poll } from '../../../lib/poll.ts';
import { isGone, isOfThisBoot, ownMark, type ProcessMark, startTicksOf } from '../../../lib/process-mark.ts';
import { spawnDetached } from '../../../lib/spawn-detached.ts';
import { checksOf, hasSeveral, type InstanceChecks } from '../../instances/checks.ts';
import type { BalancerSpec } from '../../load-balancer.ts';
import type { NginxPlaces } from '../places.ts';
import { clearMarks, marksIn } from './marks.ts';

export interface HealthProcessSpec {
  readonly upstreams: BalancerSpec['upstreams'];
  readonly checks: InstanceChecks;
  /** Absolute path of the folder of marks. */
  readonly marks: string;
}

export interface HealthProcess {
  /** Harmless to repeat, by several engines too. @throws `exec-not-found`, `lease-held` */
  ensure(): Promise<void>;
  /** Starts one where none runs; one that follows other settings stays. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

interface Running extends ProcessMark {
  /** Of the spec that it follows. */
  readonly digest: string;
}

const endLimitMs = 5_000;
/** Checks leave little garbage. */
const smallYoungSpace = '--max-semi-space-size=1';

interface Options {
  readonly spec: BalancerSpec;
  readonly places: NginxPlaces;
  readonly clock: Clock;
}

export function createHealthProcess({ spec, places, clock }: Options): HealthProcess {
  const file = (name: string) => join(places.folder, `health.${name}`);
  const marks = marksIn(places.routing);
  /** By the first start, for those of all targets. */
  const compiled = join(dirname(places.folder), 'compiled');
  const own: HealthProcessSpec = { upstreams: spec.upstreams, checks: checksOf(spec), marks };
  const text = JSON.stringify(own);
  const digest = createHash('sha256').update(text).digest('hex');
  const end = async () => {
    const running = runningIn(file('running'));
    if (running !== undefined) await endProcess(running, clock);
    rmSync(file('running'), { force: true });
    clearMarks(marks);
  };
  const start = async () => {
    if (runningIn(file('running'))?.digest === digest) return;
    await end();
    mkdirSync(places.folder, { recursive: true });
    // Headers of checks may be secrets.
    writeFileAtomic(file('json'), text, 0o600);
    const program = ownProgram(import.meta.url, 'main.ts', 'nginx-health');
    const argv = [process.execPath, smallYoungSpace, program, file('json')] as const;
    const { pid } = await spawnDetached({
      argv,
      cwd: places.folder,
      env: { NODE_COMPILE_CACHE: compiled },
      logFile: file('log'),
    });
    const startTicks = startTicksOf(pid);
    if (startTicks === undefined) return;
    writeFileAtomic(file('running'), JSON.stringify({ ...ownMark(), pid, startTicks, digest } satisfies Running));
  };
  const alone = (work: () => Promise<void>) =>
    withFileLock({ path: file('lock'), clock, holdMs: 3 * endLimitMs }, work);
  return {
    ensure: async () => {
      const running = runningIn(file('running'));
      if (!hasSeveral(spec.upstreams)) {
        if (running !== undefined) await alone(end);
      } else if (running?.digest !== digest) await alone(start);
    },
    revive: async () => {
      if (hasSeveral(spec.upstreams) && runningIn(file('running')) === undefined) await alone(start);
    },
    stop: async () => {
      if (runningIn(file('running')) !== undefined) await alone(end);
    },
  };
}

/** Undefined for one that has ended. */
function runningIn(path: string): Running | undefined {
  try {
    const running = JSON.parse(readFileIfAny(path) ?? 'null') as Running | null;
    return running !== null && isOfThisBoot(running) && !isGone(running) ? running : undefined;
  } catch {
    return undefined;
  }
}

async function endProcess(running: Running, clock: Clock): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (isGone(running)) return;
    try {
      process.kill(running.pid, signal);
    } catch (thrown) {
      if (!messageOf(thrown).includes('ESRCH')) throw thrown;
    }
    if (await poll(() => isGone(running), { clock, everyMs: 20, limitMs: endLimitMs })) return;
  }
}
