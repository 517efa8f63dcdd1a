// Starts the services of a compose file on a Docker without compose: the keys that ours uses, and an error for any other, so
// that nothing of the file is left untested in silence.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { parse } from 'yaml';

type Variables = Readonly<Record<string, string>>;

export interface Composed {
  /** Names of services and their containers. */
  readonly containers: ReadonlyMap<string, Docker.Container>;
  /** Containers, network and volumes. */
  remove(): Promise<void>;
}

interface Service {
  readonly image: string;
  readonly command: readonly string[];
  readonly restart?: string;
  readonly init?: boolean;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly group_add?: readonly string[];
  readonly stop_grace_period?: string;
  readonly logging?: { readonly driver: string; readonly options: Variables };
  readonly volumes?: readonly string[];
  readonly environment?: Variables;
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly pid?: string;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] } & Readonly<Record<string, string | number>>;
}

interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, object>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const known = new Set(
  `image command restart init read_only tmpfs cap_drop security_opt group_add stop_grace_period logging volumes environment
  secrets networks network_mode pid ports depends_on healthcheck`.split(/\s+/),
);

/** @throws Error for a key that is not known, and for a variable that must be set */
export function readCompose(file: string, variables: Variables): ComposeFile {
  const text = readFileSync(file, 'utf8');
  const compose = fill(parse(text, { merge: true }), variables) as ComposeFile;
  for (const [name, service] of Object.entries(compose.services))
    for (const key of Object.keys(service))
      if (!known.has(key)) throw new Error(`services.${name}.${key} is not known to this script`);
  return compose;
}

/** `${NAME:-default}` and `${NAME:?why}`, in texts after they were parsed, as compose does it. */
function fill(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind?: string, rest = '') => {
      const given = variables[name];
      if (given) return given;
      if (kind === '?') throw new Error(`${name} ${rest}`);
      return rest;
    });
  if (Array.isArray(value)) return value.map((each) => fill(each, variables));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, variables)]));
}

const healthyMs = 120_000;

/** In the order of `depends_on`, each after those that it needs are healthy. What was made is removed when it fails. */
export async function composeUp(docker: Docker, file: string, variables: Variables): Promise<Composed> {
  const compose = readCompose(file, variables);
  const containers = new Map<string, Docker.Container>();
  const named = (name: string): string => `${compose.name}_${name}`;
  const remove = async (): Promise<void> => {
    for (const container of [...containers.values()].toReversed()) await container.remove({ force: true, v: true });
    for (const name of Object.keys(compose.networks)) await docker.getNetwork(named(name)).remove().catch(quiet);
    for (const name of Object.keys(compose.volumes)) await docker.getVolume(named(name)).remove().catch(quiet);
  };
  try {
    for (const name of Object.keys(compose.networks)) await docker.createNetwork({ Name: named(name) });
    for (const name of Object.keys(compose.volumes)) await docker.createVolume({ Name: named(name) });
    for (const [name, service] of Object.entries(compose.services)) {
      for (const needed of Object.keys(service.depends_on ?? {})) await healthy(containers, needed);
      const container = await docker.createContainer(
        optionsOf({ compose, name, service, containers, folder: dirname(file) }),
      );
      containers.set(name, container);
      await container.start();
    }
    for (const name of containers.keys()) await healthy(containers, name);
    return { containers, remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

const quiet = (): undefined => undefined;

async function healthy(containers: ReadonlyMap<string, Docker.Container>, name: string): Promise<void> {
  const container = containers.get(name);
  if (!container) throw new Error(`${name} is needed by a service that comes before it in the file`);
  for (const until = Date.now() + healthyMs; ; await sleep(250)) {
    const { State } = await container.inspect();
    if (State.Health?.Status === 'healthy') return;
    if (State.Running && Date.now() < until) continue;
    const said = await container.logs({ stdout: true, stderr: true, tail: 30 });
    throw new Error(`${name} is not healthy (${State.Status}, exit code ${State.ExitCode}):\n${said.toString('utf8')}`);
  }
}

interface Making {
  readonly compose: ComposeFile;
  readonly name: string;
  readonly service: Service;
  readonly containers: ReadonlyMap<string, Docker.Container>;
  readonly folder: string;
}

function optionsOf(making: Making): Docker.ContainerCreateOptions {
  const { compose, name, service } = making;
  const [network] = service.networks ?? [];
  const { healthcheck } = service;
  return {
    name: `${compose.name}-${name}`,
    Image: service.image,
    Cmd: [...service.command],
    Env: Object.entries(service.environment ?? {}).map(([key, value]) => `${key}=${value}`),
    StopTimeout: seconds(service.stop_grace_period ?? '10s'),
    ExposedPorts: Object.fromEntries(portsOf(service).map(({ inside }) => [inside, {}])),
    ...(healthcheck
      ? {
          Healthcheck: {
            Test: [...healthcheck.test],
            Interval: seconds(healthcheck.interval) * 1e9,
            Timeout: seconds(healthcheck.timeout) * 1e9,
            StartPeriod: seconds(healthcheck.start_period) * 1e9,
            Retries: Number(healthcheck.retries),
          },
        }
      : {}),
    ...(network === undefined
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [`${compose.name}_${network}`]: { Aliases: [name] } } } }),
    HostConfig: hostConfig(making, network),
  };
}

function hostConfig({ compose, service, containers, folder }: Making, network: string | undefined): Docker.HostConfig {
  const shared = (mode: string | undefined): string | undefined =>
    mode?.replace(/^service:(.+)$/, (_, other: string) => `container:${containers.get(other)?.id}`);
  const place = (source: string): string =>
    /^[./]/.test(source) ? existing(resolve(folder, source)) : `${compose.name}_${source}`;
  const binds = (service.volumes ?? []).map((each) => each.replace(/^[^:]+/, place));
  const secrets = (service.secrets ?? []).map(
    (each) => `${existing(resolve(folder, compose.secrets[each]?.file ?? each))}:/run/secrets/${each}:ro`,
  );
  return {
    NetworkMode: shared(service.network_mode) ?? `${compose.name}_${network}`,
    PidMode: shared(service.pid) ?? '',
    Binds: [...binds, ...secrets],
    RestartPolicy: { Name: service.restart ?? 'no' },
    Init: service.init ?? false,
    ReadonlyRootfs: service.read_only ?? false,
    Tmpfs: Object.fromEntries((service.tmpfs ?? []).map((each) => each.split(/:(.*)/).slice(0, 2))),
    CapDrop: [...(service.cap_drop ?? [])],
    SecurityOpt: [...(service.security_opt ?? [])],
    GroupAdd: [...(service.group_add ?? [])],
    LogConfig: { Type: service.logging?.driver ?? 'local', Config: { ...service.logging?.options } },
    PortBindings: Object.fromEntries(
      portsOf(service).map(({ inside, HostIp, HostPort }) => [inside, [{ HostIp, HostPort }]]),
    ),
  };
}

function portsOf({ ports = [] }: Service) {
  return ports.map((each) => {
    const [, HostIp = '', HostPort = '', port] = /^([\d.]+):(\d+):(\d+)$/.exec(each) ?? [];
    return { inside: `${port}/tcp`, HostIp, HostPort };
  });
}

/** Docker would make what is missing, as a folder of root. */
function existing(path: string): string {
  if (!existsSync(path)) throw new Error(`${path} is named by the file and is not there`);
  return path;
}

const seconds = (text: string | number | undefined): number => Number(/^(\d+)s$/.exec(String(text))?.[1]);
