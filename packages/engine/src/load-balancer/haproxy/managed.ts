// The engine's own instance: started without privilege in its own folder, known by pid and start time, reloaded by
// handing its listening sockets to a successor. It outlives the engine.

import { rmSync } from 'node:fs';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { type DetachedProcess, spawnDetached } from '../../lib/spawn-detached.ts';
import { noteLeaving } from './leaving.ts';
import type { Parts } from './parts.ts';
import { ended, isRunning, known, recall, remember, signal } from './process.ts';
import type { RuntimeStatus } from './runtime.ts';
import { managedText } from './site.ts';

const startLimitMs = 10_000;
/** HAProxy answers its runtime socket in a millisecond; one that is silent for so long hangs. */
const silentLimitMs = 3_000;

/** Called under the start lock. @throws `balancer-refused`, `balancer-unreachable`, `port-in-use`, `exec-not-found` */
export async function ensureManaged(parts: Parts): Promise<void> {
  const { site, place, log, spec, clock } = parts;
  const present = await statusIfAny(parts);
  const name = { service: spec.service, target: spec.target, listen: spec.listen };
  if (present?.digest === site.digest) {
    remember(place.pidFile, present.pid);
    if (isWhole(parts)) return;
    await checkAndPut(parts);
    // HAProxy reads its files only at its start: a changed file does not affect the process that serves users.
    log.warn({ ...name, file: place.siteFile }, 'the configuration files were changed by hand, and are written again');
    return;
  }
  await checkAndPut(parts);
  if (present !== undefined) {
    noteLeaving(place.leavingFile, known(present.pid), clock);
    await start(parts, ['-sf', String(present.pid), '-x', place.runtimeSocket]);
    log.info(name, 'load balancer follows its changed settings');
    return;
  }
  await endSilent(parts);
  await start(parts, []);
  log.info(name, 'load balancer started');
}

/** Ends HAProxy at once: for the end of a demonstration. */
export async function shutdownManaged({ place, runtime, clock }: Parts): Promise<void> {
  const status = await runtime.status().catch(() => undefined);
  const process = (status && known(status.pid)) ?? recall(place.pidFile);
  if (process === undefined) return;
  signal(process, 'SIGTERM');
  if (!(await ended(process, clock, 5_000))) signal(process, 'SIGKILL');
  if (!(await ended(process, clock, 5_000)))
    throw new BlueGreenError('stop-failed', `the load balancer (process ${process.pid}) does not end`);
}

async function statusIfAny({ runtime }: Parts): Promise<RuntimeStatus | undefined> {
  return runtime.status().catch(() => undefined);
}

function isWhole({ place, site, spec }: Parts): boolean {
  return (
    readFileIfAny(place.siteFile) === site.text &&
    readFileIfAny(place.managedFile) === managedText(place.runtimeSocket, spec.maxHeaderBytes)
  );
}

/** HAProxy's own test first; a refused file is stored under another name with the message, and the old file stays. */
async function checkAndPut(parts: Parts): Promise<void> {
  const { place, site, spec } = parts;
  try {
    await testManaged(parts);
  } catch (thrown) {
    if (thrown instanceof BlueGreenError && thrown.code === 'exec-not-found') throw thrown;
    writeFileAtomic(`${place.siteFile}.refused`, `${commented(messageOf(thrown))}\n${site.text}`);
    throw new BlueGreenError(
      'balancer-refused',
      `HAProxy refuses the configuration, stored as ${place.siteFile}.refused: ${messageOf(thrown)}`,
      {},
      thrown,
    );
  }
  writeFileAtomic(place.managedFile, managedText(place.runtimeSocket, spec.maxHeaderBytes));
  writeFileAtomic(place.siteFile, site.text);
}

/** Tests both files under other names. @throws HAProxy's message */
export async function testManaged({ place, site, settings, spec }: Parts): Promise<void> {
  if (settings.mode !== 'managed') return;
  const [main, candidate] = [`${place.managedFile}.next`, `${place.siteFile}.next`];
  try {
    writeFileAtomic(main, managedText(place.runtimeSocket, spec.maxHeaderBytes));
    writeFileAtomic(candidate, site.text);
    const argv = [settings.program, '-c', '-f', main, '-f', candidate] as const;
    await run({ argv, cwd: place.folder, timeoutMs: 20_000 });
  } finally {
    rmSync(main, { force: true });
    rmSync(candidate, { force: true });
  }
}

const commented = (text: string): string => text.replaceAll(/^/gm, '# ');

/** A stopped or stuck HAProxy still holds the port, but serves no user. */
async function endSilent({ place, clock, log }: Parts): Promise<void> {
  const silent = recall(place.pidFile);
  if (silent === undefined || (await ended(silent, clock, silentLimitMs))) return;
  log.warn({ pid: silent.pid }, 'load balancer does not answer, and is replaced');
  signal(silent, 'SIGKILL');
  await ended(silent, clock, 5_000);
}

async function start(parts: Parts, handOver: readonly string[]): Promise<void> {
  const { place, settings, runtime, clock } = parts;
  if (settings.mode !== 'managed') return;
  const argv = [settings.program, '-db', '-f', place.managedFile, '-f', place.siteFile, ...handOver] as const;
  const before = (readFileIfAny(place.log) ?? '').length;
  const started = await spawnDetached({
    argv: argv as readonly [string, ...string[]],
    cwd: place.folder,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    logFile: place.log,
  });
  let over = false;
  void started.exited.then(() => {
    over = true;
  });
  for (const end = clock.monotonic() + startLimitMs; clock.monotonic() < end && !over; await clock.sleep(20)) {
    const status = await runtime.status().catch(() => undefined);
    if (status?.pid === started.pid) return remember(place.pidFile, started.pid);
  }
  throw notStarted(parts, started, before);
}

function notStarted({ place, spec }: Parts, { pid }: DetachedProcess, before: number): BlueGreenError {
  const process = known(pid);
  if (process && isRunning(process)) signal(process, 'SIGKILL');
  const said = (readFileIfAny(place.log) ?? '').slice(before).trimEnd().split('\n').slice(-8).join('\n');
  if (/cannot bind|already in use/i.test(said))
    return new BlueGreenError(
      'port-in-use',
      `the load balancer cannot listen: ${spec.listen.host}:${spec.listen.port} is in use by another program`,
    );
  return new BlueGreenError('balancer-unreachable', `HAProxy did not start: ${said}`, { log: place.log });
}
