// Starts a release in an instance. All checks that can refuse run before anything is stopped: the new container is created
// next to the old one and is started only when the old one is gone. The record is written before the container is started.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type Docker from 'dockerode';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { describePlace } from '../environment.ts';
import { newLaunch } from '../launch-mark.ts';
import { appendStart, startLine } from '../log-lines.ts';
import { rotatePieces } from '../log-pieces.ts';
import { defaultVariables } from '../spawn-env.ts';
import { unreachable as unreachableAddresses } from '../variable-formats.ts';
import { type DockerClient, isDiskFull, refusalText, statusOf } from './client.ts';
import { dropConfig, writeConfig } from './config-files.ts';
import { containerOptions } from './container.ts';
import { publishOn } from './hosts.ts';
import { ensureImage, type FoundImage } from './images.ts';
import { observe, type Running } from './inspect.ts';
import { hasCheck } from './own-check.ts';
import { requireFreePort } from './ports.ts';
import { type Prepared, prepare } from './prepare.ts';
import { requireProgram } from './program.ts';
import { type LiveRecord, writeRecord } from './record.ts';
import { logFileOf, placeFields, type Room, type StartRequest } from './room.ts';
import { settle } from './settle.ts';
import { removeContainer, stopInstance } from './stop.ts';

/** Whether the release runs there already, so that a start changes nothing. */
export function isSame(record: LiveRecord, { place, release }: StartRequest): boolean {
  return record.version === release.version && record.digest === release.digest && record.port === place.port;
}

export interface Starting {
  readonly client: DockerClient;
  readonly launch: string;
  readonly prepared: Prepared;
  readonly image: FoundImage;
  /** Of the container, which is not started yet. */
  readonly id: string;
  readonly program: Parameters<typeof requireProgram>[2];
}

/** Creates the container beside the one that runs in the instance, which it does not touch. */
export async function makeContainer(room: Room, request: StartRequest): Promise<Starting> {
  const starting = await createBeside(room, request);
  try {
    await requireProgram(starting.client, starting.id, starting.program);
    return starting;
  } catch (thrown) {
    await discard(starting);
    throw thrown;
  }
}

/** Ends what runs in the instance, and starts the container that was made for it. */
export async function startContainer(room: Room, request: StartRequest, starting: Starting): Promise<Running> {
  const { place, settings } = request;
  await stopInstance(room, place, { graceMs: settings.graceMs, keep: starting.launch });
  await requireFreePort(room, place, starting.client);
  return begin(room, request, starting);
}

/** What was made and is not used. */
export async function discard({ client, id, prepared }: Starting): Promise<void> {
  await removeContainer(client, id).catch(() => undefined);
  dropConfig(prepared.configFolder);
}

async function createBeside(room: Room, request: StartRequest): Promise<Starting> {
  const { place, host, settings } = request;
  const launch = newLaunch(room.mark);
  const prepared = prepare(room, request, launch);
  const docker = room.settingsOf(place);
  const client = room.clientOf(place, host.name);
  const image = await ensureImage(client, prepared.image, docker);
  const silent = await unreachableAddresses(prepared.env, settings.envFormats ?? []);
  if (silent.length > 0)
    throw new BlueGreenError('unreachable', `${describePlace(place)} cannot start: ${silent.join('; ')}`);
  const options = optionsOf(room, request, { client, launch, prepared, image });
  const id = await create(client, place, options);
  const folder = options.WorkingDir ?? (image.Config.WorkingDir || '/');
  const path = variableOf(options.Env ?? [], 'PATH') ?? variableOf(image.Config.Env ?? [], 'PATH') ?? '';
  return { client, launch, prepared, image, id, program: { name: prepared.argv[0], folder, path } };
}

interface Making extends Pick<Starting, 'client' | 'launch' | 'prepared' | 'image'> {}

function optionsOf(
  room: Room,
  { place, release, settings }: StartRequest,
  { client, launch, prepared, image }: Making,
): Docker.ContainerCreateOptions {
  const { releaseFolder, files, configFolder } = prepared;
  const folders = [
    ...(releaseFolder === undefined ? [] : [releaseFolder]),
    ...(files.length > 0 ? [configFolder] : []),
  ];
  // Docker would make a folder that is missing, as root.
  if (files.length > 0) mkdirSync(configFolder, { recursive: true, mode: 0o700 });
  return containerOptions({
    mark: room.mark,
    launch,
    acting: room.acting,
    place,
    release,
    image: image.Id,
    argv: prepared.argv,
    env: withoutDefaults(prepared.env, image.Config.Env ?? []),
    workingFolder: releaseFolder,
    folders,
    launchSettings: settings,
    docker: room.settingsOf(place),
    publishOn: publishOn(client.host),
    hostLabels: client.host.labels,
  });
}

/** Where nothing but the engine's default gives a variable that the image has, that of the image is the better one. */
function withoutDefaults(env: Prepared['env'], ofImage: readonly string[]): Prepared['env'] {
  const isDefault = ([name, value]: readonly [string, string]): boolean =>
    Object.hasOwn(defaultVariables, name) && defaultVariables[name as keyof typeof defaultVariables] === value;
  return Object.fromEntries(
    Object.entries(env).filter((each) => !isDefault(each) || variableOf(ofImage, each[0]) === undefined),
  );
}

function variableOf(env: readonly string[], name: string): string | undefined {
  return env.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

async function create(
  client: DockerClient,
  place: StartRequest['place'],
  options: Docker.ContainerCreateOptions,
): Promise<string> {
  try {
    const { id } = await client.ask(
      (docker, abortSignal) => docker.createContainer({ ...options, abortSignal }),
      createMs,
    );
    return id;
  } catch (thrown) {
    if (statusOf(thrown) === undefined) throw thrown;
    throw refused(client, place, thrown);
  }
}

function refused({ host }: DockerClient, place: StartRequest['place'], thrown: unknown): BlueGreenError {
  const said = refusalText(thrown);
  const isFull = isDiskFull(said);
  const why = isFull ? `the disk of the Docker host is full (${said})` : said;
  const sentence = `Docker on ${host.name} refuses the container of ${describePlace(place)}: ${why}`;
  return new BlueGreenError(isFull ? 'resources-short' : 'start-failed', sentence, {}, thrown);
}

/** Disks are slow while an image is unpacked. */
const createMs = 60_000;

async function begin(room: Room, request: StartRequest, starting: Starting): Promise<Running> {
  const { place, ports, release, settings } = request;
  const { client, prepared, launch, id, image } = starting;
  writeConfig(prepared.configFolder, prepared.files, ownerOf(room.settingsOf(place).user ?? image.Config.User ?? ''));
  const record = {
    state: 'starting',
    launch,
    version: release.version,
    digest: release.digest,
    port: place.port,
    ...(ports === undefined ? {} : { ports }),
    startedAt: room.clock.now(),
    adopted: false,
    envFiles: settings.envFiles,
    startedWith: prepared.startedWith,
    ...(settings.health ? { health: { ...settings.health } } : {}),
    container: { host: client.host.name, endpointHost: client.host.endpointHost, id, hasCheck: hasCheck(image) },
  } as const satisfies LiveRecord;
  writeRecord(room, place, record);
  const after = beginLog(room, request, record);
  room.log.info({ ...placeFields(place), version: release.version, port: place.port }, 'starting');
  const running = await settle(room, request, { client, record, after });
  room.log.info({ ...placeFields(place), version: release.version, container: id.slice(0, 12) }, 'started');
  return observe(room, running.record, { client, found: running.found });
}

/** The number of the account that the container runs as; undefined: root, or an account that only the image knows. */
function ownerOf(user: string): number | undefined {
  const [account = ''] = user.split(':');
  return /^\d+$/.test(account) ? Number(account) : undefined;
}

/** A full disk does not stop a start. */
function beginLog(
  room: Room,
  { place, settings }: StartRequest,
  start: LiveRecord & { readonly launch: string },
): string {
  const file = logFileOf(room, place);
  const line = startLine(place, start);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rotatePieces(file, settings.maxLogBytes);
    appendStart(file, line);
  } catch (thrown) {
    room.log.warn({ ...placeFields(place), problem: messageOf(thrown) }, 'the log of a slot cannot be written');
  }
  return line;
}
