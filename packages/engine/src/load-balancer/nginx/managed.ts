// The engine's own nginx: started detached in its own folder, so that it outlives the engine.

import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { poll } from '../../lib/poll.ts';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import type { Asker } from './ask.ts';
import { keepRefused, lastLines, type NginxNode, refusedText } from './node.ts';
import type { NginxPlaces } from './places.ts';
import { masterOf, orphansOf, signal, workersOf } from './process-of.ts';

export interface ManagedOptions {
  readonly program: string;
  readonly places: NginxPlaces;
  readonly asker: Asker;
  /** For a sentence: `127.0.0.1:8080`. */
  readonly listen: string;
  readonly clock: Clock;
}

const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
const checkLimitMs = 15_000;
const startLimitMs = 15_000;
const stopLimitMs = 15_000;
/** nginx tries a taken port for about 2.5 s; another engine's nginx may have taken it and answers meanwhile. */
const othersMs = 1_500;

export function createManagedNode(options: ManagedOptions): NginxNode {
  const { places } = options;
  return {
    config: places.config,
    replaceConfig: (text) => replaceConfig(options, text),
    test: (text) =>
      withCandidate(options, text, () => {}).catch((thrown: unknown) => {
        throw refusedText(thrown);
      }),
    start: () => start(options),
    reload: async () => {
      const master = masterOf(places);
      if (master === undefined) throw new BlueGreenError('balancer-unreachable', 'nginx has ended');
      signal(master, 'SIGHUP');
    },
    reopenLog: async () => {
      const master = masterOf(places);
      if (master !== undefined) signal(master, 'SIGUSR1');
    },
    whole: () => masterOf(places) !== undefined,
    stop: () => stop(options),
  };
}

async function replaceConfig(options: ManagedOptions, text: string): Promise<void> {
  const { config } = options.places;
  try {
    await withCandidate(options, text, (candidate) => renameSync(candidate, config));
  } catch (thrown) {
    throw keepRefused(config, text, thrown);
  }
}

/** Calls `use` with a file of this text, if nginx accepts it. */
async function withCandidate(
  { program, places }: ManagedOptions,
  text: string,
  use: (candidate: string) => void,
): Promise<void> {
  // A unique name: another engine may be doing the same.
  const candidate = `${places.config}.${randomBytes(4).toString('hex')}.candidate`;
  // Contains the tokens: only this user may read it.
  writeFileAtomic(candidate, text, 0o600);
  try {
    await test({ program, places }, candidate);
    use(candidate);
  } finally {
    rmSync(candidate, { force: true });
  }
}

/** Everything that the text names is tested too: a certificate, the folders, the user. */
async function test({ program, places }: Pick<ManagedOptions, 'program' | 'places'>, config: string): Promise<void> {
  const argv = [program, '-t', '-q', '-p', places.folder, '-c', config] as const;
  await run({ argv, env: environment, timeoutMs: checkLimitMs });
}

async function start(options: ManagedOptions): Promise<void> {
  const { program, places, asker, clock, listen } = options;
  await refuseUnstartable(options);
  // Workers of a killed master hold the port. They stop listening at once, and end when their last request has ended.
  for (const pid of orphansOf(places)) signal(pid, 'SIGQUIT');
  const logBefore = readFileIfAny(places.errorLog)?.length ?? 0;
  const argv = [program, '-p', places.folder, '-c', places.config, '-g', 'daemon off;'] as const;
  const started = await spawnDetached({ argv, cwd: places.folder, env: environment, logFile: places.errorLog });
  let endedAt: number | undefined;
  void started.exited.then(() => {
    endedAt = clock.monotonic();
  });
  const deadline = clock.monotonic() + startLimitMs;
  while (clock.monotonic() < deadline) {
    const answers = await asker.settings().catch(() => undefined);
    if (answers !== undefined && masterOf(places) !== undefined) return;
    if (endedAt !== undefined && clock.monotonic() > endedAt + othersMs) break;
    await clock.sleep(20);
  }
  // It must not come up later, when no engine knows of it.
  if (endedAt === undefined) signal(started.pid, 'SIGKILL');
  const log = (readFileIfAny(places.errorLog) ?? '').slice(logBefore);
  if (log.includes('Address already in use'))
    throw new BlueGreenError('port-in-use', `nginx cannot listen on ${listen}: another program does`);
  throw new BlueGreenError('balancer-unreachable', `nginx did not come up: ${lastLines(places.errorLog, 6)}`);
}

/** Workers of a killed master serve users: they are ended only for a nginx that will start. */
async function refuseUnstartable({ program, places }: ManagedOptions): Promise<void> {
  if (orphansOf(places).length === 0) return;
  try {
    await test({ program, places }, places.config);
  } catch (thrown) {
    throw new BlueGreenError(
      'config-refused',
      `nginx would not start with ${places.config}; its workers serve on: ${messageOf(thrown)}`,
      {},
      thrown,
    );
  }
}

/** Requests under way are ended first, but not waited for without end. */
async function stop({ places, clock }: ManagedOptions): Promise<void> {
  const ours = () => {
    const master = masterOf(places);
    return [...(master === undefined ? [] : [master]), ...workersOf(places)];
  };
  for (const [name, limitMs] of [
    ['SIGQUIT', 1_000],
    ['SIGTERM', stopLimitMs],
    ['SIGKILL', stopLimitMs],
  ] as const) {
    for (const pid of ours()) signal(pid, name);
    if (await poll(() => ours().length === 0, { clock, everyMs: 20, limitMs })) return;
  }
  throw new BlueGreenError('stop-failed', `nginx (process ${ours().join(', ')}) does not end`);
}
