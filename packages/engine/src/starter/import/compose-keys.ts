// What each key of a compose service becomes. A key that this engine decides by itself is left out with its reason.

import type { ComposeContext } from './compose-context.ts';
import { healthOf } from './compose-health.ts';
import { networksOf, volumesOf } from './compose-places.ts';
import { type Handlers, type Imported, notTaken, type Taken } from './imported.ts';
import { isMapping } from './read-yaml.ts';
import {
  bytesIn,
  durationIn,
  listIn,
  mappingIn,
  shapedIn,
  shapes,
  textIn,
  textsIn,
  variablesIn,
  wholeIn,
  wordsIn,
} from './values.ts';

type Keys = Handlers<ComposeContext>;
type Handler = Keys[string];

const take = (value: Imported, left: readonly string[] = []): Taken => ({ value, left });
const because =
  (why: string): Handler =>
  () =>
    notTaken(why);
const only =
  (when: (value: unknown) => boolean, why: string): Handler =>
  (value) =>
    when(value) ? {} : notTaken(why);

export const composeKeys: Keys = {
  image: (value) => take({ image: textIn(value) }),
  command: (value, { has }) =>
    take(
      { command: wordsIn(value) },
      has('entrypoint') ? [] : ['is started as it is: write the ENTRYPOINT of the image before it, if there is one'],
    ),
  entrypoint: (value) => take({ entrypoint: wordsIn(value) }),
  environment: environmentOf,
  env_file: envFilesOf,
  ports: portsOf,
  expose: (value) => take({ port: wholeIn(listIn(value)[0], { max: 65_535 }) }),
  volumes: volumesOf,
  tmpfs: (value) => {
    const others = (Array.isArray(value) ? textsIn(value) : [textIn(value)]).filter(
      (each) => !/^\/tmp(:|$)/.test(each),
    );
    return others.length === 0 ? {} : notTaken(`only /tmp is a tmpfs: not ${others.join(', ')}`);
  },
  networks: networksOf,
  network_mode: (value) => {
    const mode = textIn(value);
    return mode === 'host' || mode === 'bridge'
      ? take({ network: mode })
      : notTaken(`${mode} is no network of its own`);
  },
  extra_hosts: (value) => {
    const pairs = isMapping(value)
      ? Object.entries(value).map(([name, address]) => `${name}:${textIn(address)}`)
      : textsIn(value).map((each) => each.replace('=', ':'));
    const good = pairs.filter((each) => /^[A-Za-z0-9.-]{1,253}:\[?[0-9A-Fa-f:.]{2,45}\]?$/.test(each));
    return take(
      { extraHosts: good.map((each) => each.replaceAll(/[[\]]/g, '')) },
      pairs.filter((each) => !good.includes(each)).map((each) => `${each}: expected a name and an address`),
    );
  },
  user: (value) => take({ user: shapedIn(value, shapes.user) }),
  ulimits: ulimitsOf,
  stop_grace_period: (value) => take({ graceMs: durationIn(value) }),
  mem_limit: (value) => take({ memoryBytes: bytesIn(value) }),
  cpus: (value) => take({ cpus: cpusIn(value) }),
  pids_limit: (value) => (Number(value) === -1 ? {} : take({ pids: wholeIn(value) })),
  scale: (value) => take({ instances: wholeIn(value, { max: 100 }) }),
  deploy: deployOf,
  healthcheck: healthOf,
  cap_add: (value) =>
    take({
      capabilities: textsIn(value).map((each) => shapedIn(each.replace(/^CAP_/i, '').toUpperCase(), shapes.capability)),
    }),
  cap_drop: () => ({}),
  read_only: (value) => take({ readOnly: value === true }),
  security_opt: (value) => {
    const others = textsIn(value).filter((each) => !/^no-new-privileges(:true)?$/.test(each));
    return others.length === 0 ? {} : notTaken(`only no-new-privileges, which is always on: not ${others.join(', ')}`);
  },
  init: only((value) => value === true, 'an init always runs, which passes signals on'),
  privileged: only((value) => value !== true, 'a service has no more rights than `capabilities` gives'),
  restart: () => ({}),
  container_name: because('a container is made for each start, so its name is another one each time'),
  hostname: because('the names of containers are left to Docker'),
  labels: because('labels say whose a container is, and are this engine’s own'),
  logging: because('the log driver is `local`, with the limit `limits.log`; `bg logs` shows it'),
  depends_on: because('the other services stay with compose: have them running'),
  links: because('the names of a network are enough'),
  build: because('releases are images that CI has built, or files; docs/ci.md says how CI announces them'),
  pull_policy: because('an image is pulled once, by its digest'),
  platform: because('an image of another platform is refused'),
  profiles: because('is not asked: name the service that is meant'),
  extends: because('is not followed: what the other service adds is missing here'),
  secrets: because('secrets are never copied: write them into an env file, or into templates of the release'),
  configs: because('is left to templates of the release'),
  stop_signal: because('the STOPSIGNAL of the image is sent'),
  working_dir: because('the service starts in the folder of its image'),
};

function environmentOf(value: unknown, { open }: ComposeContext): Taken {
  const pairs = Array.isArray(value)
    ? textsIn(value).map((each, index): readonly [string, unknown, string] => {
        const at = each.indexOf('=');
        return at < 0 ? [each, null, String(index)] : [each.slice(0, at), each.slice(at + 1), String(index)];
      })
    : Object.entries(mappingIn(value)).map(([name, each]): readonly [string, unknown, string] => [name, each, name]);
  const { left, ...found } = variablesIn(
    pairs.map(([name, each, at]) => [name, open.has(`environment.${at}`) ? null : each] as const),
  );
  return take(found, left);
}

function envFilesOf(value: unknown): Taken {
  const entries = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return take({ envFiles: entries.map((each) => textIn(isMapping(each) ? each.path : each)) });
}

/** `8080:3000`, `127.0.0.1:8080:3000/tcp`, `3000`, or the long form. The first that is TCP is the service's. */
function portsOf(value: unknown): Taken {
  const found = listIn(value).map((each) => (isMapping(each) ? longPort(each) : shortPort(textIn(each))));
  const [first, ...others] = found.filter(({ protocol }) => protocol === 'tcp');
  if (!first) return notTaken('no port is TCP');
  const left = others.map(({ port }) => `${port}: a slot has one port, which is asked for its health`);
  return take({ port: first.port, ...(first.front === undefined ? {} : { front: first.front }) }, left);
}

interface Port {
  readonly port: number;
  readonly front: string | undefined;
  readonly protocol: string;
}

function shortPort(text: string): Port {
  const pattern = /^(?:(\[[0-9A-Fa-f:]+\]|[\d.]+):)?(?:(\d{1,5})?:)?(\d{1,5})(?:\/(tcp|udp|sctp))?$/;
  const [all, host, published, inside, protocol = 'tcp'] = pattern.exec(text) ?? [];
  if (all === undefined) return notTaken(`${text}: expected one port, such as 8080:3000`);
  return { port: portIn(inside), front: published && frontOf(host, published), protocol };
}

function longPort({ target, published, host_ip: host, protocol = 'tcp' }: Readonly<Record<string, unknown>>): Port {
  const front = published === undefined ? undefined : frontOf(host === undefined ? undefined : textIn(host), published);
  return { port: portIn(target), front, protocol: textIn(protocol) };
}

const portIn = (value: unknown): number => wholeIn(value, { max: 65_535 });

/** Compose publishes on every address; here 127.0.0.1 is the default, and what people meant is said. */
const frontOf = (host: string | undefined, published: unknown): string => `${host ?? '0.0.0.0'}:${portIn(published)}`;

function ulimitsOf(value: unknown): Taken {
  const limit = (each: unknown): number => wholeIn(each, { min: -1, max: Number.MAX_SAFE_INTEGER });
  return take({
    ulimits: Object.entries(mappingIn(value)).map(([each, limits]) => {
      const name = shapedIn(each, shapes.ulimit);
      const { soft, hard = soft } = isMapping(limits) ? limits : { soft: limits };
      return { name, soft: limit(soft), hard: limit(hard) };
    }),
  });
}

function cpusIn(value: unknown): number {
  const cpus = Number(value);
  return cpus > 0 && cpus <= 1_024 ? cpus : notTaken('expected a number of processors');
}

function deployOf(value: unknown): Taken {
  const { replicas, resources, mode, ...others } = mappingIn(value);
  const limits = isMapping(resources) && isMapping(resources.limits) ? resources.limits : {};
  const left = [
    ...Object.keys(others).map((key) => `${key}: this engine does its own deployments`),
    ...(mode === undefined || mode === 'replicated' ? [] : [`mode: ${String(mode)} is not known`]),
    ...(isMapping(resources) && 'reservations' in resources ? ['resources.reservations: nothing is reserved'] : []),
  ];
  return take(
    {
      ...(replicas === undefined ? {} : { instances: wholeIn(replicas, { max: 100 }) }),
      ...(limits.memory === undefined ? {} : { memoryBytes: bytesIn(limits.memory) }),
      ...(limits.cpus === undefined ? {} : { cpus: cpusIn(limits.cpus) }),
      ...(limits.pids === undefined ? {} : { pids: wholeIn(limits.pids) }),
    },
    left,
  );
}
