// The container of one start as Docker is asked for it. Pure: the same request gives the same container.

import type Docker from 'dockerode';
import type { SlotKey } from '../../domain/target.ts';
import type { Acting } from '../acting.ts';
import type { Variables } from '../env-files.ts';
import type { InstancePlace, LaunchSettings } from '../environment.ts';
import { pieceBytes } from '../log-pieces.ts';
import type { DockerHost, DockerSettings } from './settings.ts';

export const labels = {
  mark: 'bluegreen.state',
  service: 'bluegreen.service',
  target: 'bluegreen.target',
  slot: 'bluegreen.slot',
  instance: 'bluegreen.instance',
  launch: 'bluegreen.launch',
  version: 'bluegreen.version',
  digest: 'bluegreen.digest',
  deployment: 'bluegreen.deployment',
  fence: 'bluegreen.fence',
} as const;

export interface ContainerRequest {
  readonly mark: string;
  readonly launch: string;
  /** Undefined: a person starts it, and no controller. */
  readonly acting?: Acting | undefined;
  readonly place: InstancePlace;
  readonly release: { readonly version: string; readonly digest: string };
  /** With its digest, or the id of an image that is on the host. */
  readonly image: string;
  /** Empty: what the image starts by itself. */
  readonly argv: readonly string[];
  readonly env: Variables;
  /** Undefined: the folder of the image. */
  readonly workingFolder: string | undefined;
  /** Folders of this machine that the service sees at the same path, and cannot change. */
  readonly folders: readonly string[];
  readonly launchSettings: Pick<LaunchSettings, 'graceMs' | 'maxLogBytes' | 'quota'>;
  readonly docker: DockerSettings;
  /** The address that the port is published on, where the network is not the host's. */
  readonly publishOn: string;
  readonly hostLabels?: DockerHost['labels'];
}

/** Unique for each attempt. A name decides nothing: labels do. */
export function containerName({ place, launch }: Pick<ContainerRequest, 'place' | 'launch'>): string {
  const attempt = launch.slice(launch.lastIndexOf('.') + 1).slice(0, 8);
  const number = place.instance === undefined ? '' : `-${place.instance}`;
  return `${place.service}-${place.target}-${place.slot}${number}-${attempt}`;
}

export function containerOptions(request: ContainerRequest): Docker.ContainerCreateOptions {
  const { docker, env, argv, image, place, workingFolder } = request;
  const [program, ...words] = argv;
  const port = `${place.port}/tcp`;
  return {
    name: containerName(request),
    Image: image,
    ...(program === undefined ? {} : { Entrypoint: [program], Cmd: words }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(workingFolder === undefined ? {} : { WorkingDir: workingFolder }),
    ...(docker.user === undefined ? {} : { User: docker.user }),
    Labels: labelsOf(request),
    ...(docker.stopSignal === undefined ? {} : { StopSignal: docker.stopSignal }),
    StopTimeout: stopSeconds(request.launchSettings.graceMs),
    ...(docker.network === 'host' ? {} : { ExposedPorts: { [port]: {} } }),
    HostConfig: hostConfig(request, port),
  };
}

/** Docker counts in seconds. */
export const stopSeconds = (graceMs: number): number => Math.ceil(graceMs / 1000);

function labelsOf({ mark, launch, place, release, acting, hostLabels }: ContainerRequest): Record<string, string> {
  return {
    ...hostLabels,
    [labels.mark]: mark,
    [labels.service]: place.service,
    [labels.target]: place.target,
    [labels.slot]: place.slot,
    [labels.instance]: String(place.instance ?? 1),
    [labels.launch]: launch,
    [labels.version]: release.version,
    [labels.digest]: release.digest,
    ...(acting ? { [labels.fence]: String(acting.fence) } : {}),
    ...(acting?.deployment === undefined ? {} : { [labels.deployment]: acting.deployment }),
  };
}

function hostConfig(request: ContainerRequest, port: string): Docker.HostConfig {
  const { docker, folders, launchSettings, place, publishOn } = request;
  const { quota, maxLogBytes } = launchSettings;
  return {
    NetworkMode: docker.network,
    ...(docker.network === 'host'
      ? {}
      : { PortBindings: { [port]: [{ HostIp: publishOn, HostPort: String(place.port) }] } }),
    Binds: [
      ...folders.map((folder) => `${folder}:${folder}:ro`),
      ...docker.volumes.map(({ source, path, readOnly }) => `${source}:${path}${readOnly ? ':ro' : ''}`),
    ],
    // Switched on once the start has succeeded, and off before each stop.
    RestartPolicy: { Name: 'no' },
    Init: true,
    ReadonlyRootfs: docker.readOnly,
    Tmpfs: { '/tmp': 'rw,nosuid,nodev,mode=1777' },
    CapDrop: ['ALL'],
    CapAdd: [...docker.capabilities],
    SecurityOpt: ['no-new-privileges'],
    ExtraHosts: [...docker.extraHosts],
    Ulimits: docker.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    LogConfig: { Type: 'local', Config: { 'max-size': `${pieceBytes(maxLogBytes)}`, 'max-file': '4' } },
    // Without swap: a service that swaps is slower than one that is started again.
    ...(quota?.memoryBytes === undefined ? {} : { Memory: quota.memoryBytes, MemorySwap: quota.memoryBytes }),
    ...(quota?.cpus === undefined ? {} : { NanoCpus: Math.round(quota.cpus * 1e9) }),
    ...(quota?.pids === undefined ? {} : { PidsLimit: quota.pids }),
  };
}

/** For a list of what is ours: in a slot, or of the whole state folder. */
export function ownFilter(mark: string, place?: SlotKey): { readonly label: string[] } {
  const own = [`${labels.mark}=${mark}`];
  if (!place) return { label: own };
  const { service, target, slot } = place;
  return {
    label: [...own, `${labels.service}=${service}`, `${labels.target}=${target}`, `${labels.slot}=${slot}`],
  };
}
