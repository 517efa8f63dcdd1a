// Starts a release in one instance of a slot. All checks that can refuse run before anything is stopped, and the record is
// written before the process exists: the engine may be killed at any line, and the next one finds what it left.

import { closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Account, asAccount } from '../../lib/accounts.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { type DetachedProcess, spawnDetached } from '../../lib/spawn-detached.ts';
import type { Variables } from '../env-files.ts';
import {
  describePlace,
  type Effective,
  type InstancePlace,
  type LaunchSettings,
  type ReleaseFiles,
} from '../environment.ts';
import { newLaunch } from '../launch-mark.ts';
import { describeHolder, portHolder } from '../port-holder.ts';
import { currentBootId, identify, isAlive } from '../proc-fs.ts';
import { requireRelease } from '../release-folder.ts';
import { requireResources } from '../resources.ts';
import { buildEnvironment } from '../spawn-env.ts';
import { effectiveOf } from '../started-with.ts';
import { type RenderedFile, renderTemplates } from '../templates.ts';
import { unreachable } from '../variable-formats.ts';
import { isSame, recordBefore, withPorts } from './before.ts';
import { clearConfig, configFolderOf, writeConfig } from './config-folder.ts';
import { describeExit, endedAtOnce, exitNotSeen, noteExit } from './exit.ts';
import { helpedStart, helperFor, requireHelped, requireHelper, type SlotHelper } from './helper.ts';
import { observe, type Running } from './inspect.ts';
import { ensureWriter, openOutput, requireWriter } from './log-pipe.ts';
import { giveOutput, ownerOf, requireReach } from './owner.ts';
import { requireCommand, requireProgram } from './program.ts';
import { type LiveRecord, type RunningRecord, writeRecord } from './record.ts';
import { logFileOf, placeFields, type Room, recordPlace } from './room.ts';
import { clearScope, scoped } from './scope.ts';
import { beginLog } from './slot-log.ts';
import { endAll, stopInstance } from './stop.ts';

export interface StartRequest {
  readonly place: InstancePlace;
  /** Of all instances of the slot; undefined: it has one. */
  readonly ports?: readonly number[] | undefined;
  readonly release: ReleaseFiles;
  readonly settings: LaunchSettings;
}

const portPatienceMs = 500;
const portPollMs = 50;

/** Under the slot's lock. */
export async function startInstance(room: Room, request: StartRequest): Promise<Running> {
  const { place, release, settings } = request;
  const launch = newLaunch(room.mark);
  const before = recordBefore(room, place);
  const found =
    before && isSame(before, request) && (await settleFound(room, request, withPorts(room, request, before)));
  if (found) return found;
  const prepared = prepare(room, request, launch);
  requireResources(room.stateFolder, settings);
  await requireReach(place, prepared.account, prepared.reaches);
  await requireHelper(place, prepared.helper);
  await requireReachable(request, prepared.env);
  await stopInstance(room, place, settings.graceMs);
  await requireFreePort(room, place);
  const starting = writeAhead(room, request, { launch, startedWith: prepared.startedWith });
  const after = await beginLog(room, place, { ...starting, maxBytes: settings.maxLogBytes });
  room.log.info({ ...placeFields(place), version: release.version, port: place.port }, 'starting');
  const child = await spawn(room, request, { starting, prepared });
  const running = await settle(room, request, { starting, child, after });
  room.log.info({ ...placeFields(place), version: release.version, pid: child.pid }, 'started');
  return observe(room, place, running);
}

/**
 * What runs already has to have stayed up for the settling time, too: it may be a moment old. Undefined where it has not: how
 * an engine was killed in the middle of its start says nothing about the release, which is started again.
 */
async function settleFound(
  room: Room,
  { place, settings }: StartRequest,
  record: RunningRecord,
): Promise<Running | undefined> {
  await ensureWriter(logFileOf(room, place), settings.maxLogBytes);
  const ageMs = Math.max(0, room.clock.now() - record.startedAt);
  if (ageMs < settings.settleMs) await room.clock.sleep(settings.settleMs - ageMs);
  return isAlive(record.process) ? observe(room, place, record) : undefined;
}

interface Prepared {
  readonly env: Variables;
  readonly argv: readonly [string, ...string[]];
  /** Where the program of it was found. */
  readonly program: string;
  readonly configFolder: string;
  readonly files: readonly RenderedFile[];
  readonly startedWith: Effective;
  /** Undefined: that of this process. */
  readonly account: Account | undefined;
  /** What that account has to enter or execute. */
  readonly reaches: readonly string[];
  /** Where this process is not root. */
  readonly helper: SlotHelper | undefined;
}

/** Everything that can be known before anything is stopped. */
function prepare(room: Room, { place, release, settings }: StartRequest, launch: string): Prepared {
  requireRelease(release);
  const configFolder = configFolderOf(recordPlace(room, place), launch);
  const { env, argv: words } = buildEnvironment({ place, release, settings, launch, configFolder });
  const argv = requireCommand(words);
  const files = renderTemplates({ place, release, templates: settings.templates, values: env });
  requireWriter();
  const program = requireProgram(argv[0], release.folder, env.PATH ?? '');
  const helper = settings.account && helperFor(room, place);
  if (helper) requireHelped(place, helper, { release, settings });
  const account = helper ? undefined : ownerOf(settings);
  const reaches = [release.folder, program, ...(files.length > 0 ? [dirname(room.stateFolder)] : [])];
  return {
    env,
    argv,
    program,
    configFolder,
    files,
    startedWith: effectiveOf(room, settings),
    account,
    reaches,
    helper,
  };
}

export function preflight(room: Room, request: StartRequest): Effective {
  const { startedWith } = prepare(room, request, newLaunch(room.mark));
  requireResources(room.stateFolder, request.settings);
  return startedWith;
}

async function requireReachable({ place, settings }: StartRequest, env: Variables): Promise<void> {
  const silent = await unreachable(env, settings.envFormats ?? []);
  if (silent.length > 0)
    throw new BlueGreenError('unreachable', `${describePlace(place)} cannot start: ${silent.join('; ')}`);
}

/** Checks again for a moment: the kernel closes the sockets of a process that just crashed with a small delay. */
async function requireFreePort(room: Room, place: InstancePlace): Promise<void> {
  if (place.port === 0) return;
  const until = room.clock.monotonic() + portPatienceMs;
  for (;;) {
    const holder = portHolder(place.port);
    if (!holder) return;
    const sentence = `port ${place.port} of ${describePlace(place)} is in use by ${describeHolder(holder)}`;
    if (room.clock.monotonic() >= until)
      throw new BlueGreenError('port-in-use', sentence, { port: place.port, ...holder });
    await room.clock.sleep(portPollMs);
  }
}

type Starting = Extract<LiveRecord, { state: 'starting' }> & { readonly launch: string };

function writeAhead(
  room: Room,
  { place, ports, release, settings }: StartRequest,
  { launch, startedWith }: { readonly launch: string; readonly startedWith: Effective },
): Starting {
  const starting: Starting = {
    state: 'starting',
    bootId: currentBootId(),
    launch,
    version: release.version,
    digest: release.digest,
    port: place.port,
    ...(ports ? { ports } : {}),
    startedAt: room.clock.now(),
    adopted: false,
    envFiles: settings.envFiles,
    startedWith,
    ...(settings.health ? { health: { ...settings.health } } : {}),
  };
  writeRecord(recordPlace(room, place), starting);
  return starting;
}

interface Spawning {
  readonly starting: Starting;
  readonly prepared: Prepared;
}

async function spawn(
  room: Room,
  { place, release, settings }: StartRequest,
  { starting, prepared }: Spawning,
): Promise<DetachedProcess> {
  try {
    clearConfig(recordPlace(room, place));
    const { account, helper, configFolder: folder, files } = prepared;
    await writeConfig(recordPlace(room, place), { folder, files }, { account, helped: helper?.name });
    const output = await openOutput(logFileOf(room, place), settings.maxLogBytes);
    giveOutput(output, account);
    const { close, ...how } = { close: undefined, ...beginning(room, { place, release, settings }, prepared) };
    const options = { ...how, cwd: release.folder, logFile: output, givenUmask: true };
    const child = await spawnDetached(options).finally(() => {
      closeSync(output);
      close?.();
    });
    void child.exited.then((exit) => noteExit(room, { place, launch: starting.launch, exit }));
    return child;
  } catch (thrown) {
    const lastExit = `could not be started: ${messageOf(thrown)}`;
    writeRecord(recordPlace(room, place), { state: 'stopped', lastExit, envFiles: starting.envFiles });
    throw thrown;
  }
}

/** By itself, or through the helper. */
function beginning(room: Room, { place, release, settings }: StartRequest, prepared: Prepared) {
  const { argv, env, account, helper, program } = prepared;
  if (!helper) return { argv: scoped(room, place, { ...settings, argv: asAccount(argv, account) }), env };
  const start = { quota: settings.quota, folder: release.folder, program, words: argv.slice(1) };
  return helpedStart(room, { helper, start, env });
}

interface Settling {
  readonly starting: Starting;
  readonly child: DetachedProcess;
  /** The line in the log after which this start's output begins. */
  readonly after: string;
}

async function settle(
  room: Room,
  { place, settings }: StartRequest,
  { starting, child, after }: Settling,
): Promise<RunningRecord> {
  const where = recordPlace(room, place);
  const { bootId: _, ...launched } = starting;
  const process = identify(child.pid);
  const running = process && ({ ...launched, state: 'running', process } as const);
  if (running) writeRecord(where, running);
  const ended = await Promise.race([child.exited, room.clock.sleep(settings.settleMs)]);
  if (running && ended === undefined) return running;
  const exit = ended === undefined ? exitNotSeen : describeExit(ended);
  // What it started may have stayed behind.
  await endAll(
    { launch: starting.launch, process },
    { graceMs: settings.graceMs, clock: room.clock, helper: helperFor(room, place) },
  );
  await clearScope(room, place);
  writeRecord(where, { state: 'stopped', lastExit: exit, envFiles: starting.envFiles });
  throw await endedAtOnce(room, { place, version: starting.version, exit, envFiles: starting.envFiles, after });
}
