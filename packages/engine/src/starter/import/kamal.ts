// Kamal's config/deploy.yml: one service, its roles on hosts, a proxy in front.

import {
  type Handlers,
  type Imported,
  type Importing,
  ImportRefused,
  notTaken,
  type Taken,
  takeKeys,
} from './imported.ts';
import { isMapping, type Mapping, readMapping } from './read-yaml.ts';
import {
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

/** @throws ImportRefused where the file is none of Kamal's */
export function importKamal(text: string): Importing {
  if (/<%[^%]/.test(text)) throw new ImportRefused('holds ERB (<% … %>), which is not run: write the values out');
  const root = readMapping(text);
  if (typeof root.service !== 'string') throw new ImportRefused('has no `service`, as a deploy.yml of Kamal has');
  const { imported, left } = takeKeys(root, kamalKeys, { path: '', context: root });
  return { service: root.service, imported: withProxy(root, imported), left };
}

/** Kamal's proxy asks port 80 of the container at /up unless the file says otherwise. */
function withProxy({ proxy }: Mapping, imported: Imported): Imported {
  return proxy === false
    ? imported
    : { ...imported, port: imported.port ?? 80, health: { path: '/up', ...imported.health } };
}

const take = (value: Imported, left: readonly string[] = []): Taken => ({ value, left });
const because = (why: string) => (): Taken => notTaken(why);

const kamalKeys: Handlers<Mapping> = {
  service: () => ({}),
  image: (value, { registry }) => {
    const server = isMapping(registry) && registry.server !== undefined ? `${textIn(registry.server)}/` : '';
    return take({ image: `${server}${textIn(value)}` });
  },
  servers: serversOf,
  proxy: proxyOf,
  registry: registryOf,
  env: envOf,
  volumes: volumesOf,
  retain_containers: (value) => take({ keepReleases: wholeIn(value, { max: 1_000 }) }),
  stop_wait_time: (value) => take({ graceMs: durationIn(value) }),
  drain_timeout: (value) => take({ graceMs: durationIn(value) }),
  deploy_timeout: (value) => take({ health: { startupMs: durationIn(value) } }),
  readiness_delay: () => ({}),
  minimum_version: () => ({}),
  primary_role: () => ({}),
  require_destination: () => ({}),
  labels: because('labels say whose a container is, and are this engine’s own'),
  logging: because('the log driver is `local`, with the limit `limits.log`; `bg logs` shows it'),
  builder: because('releases are images that CI has built; docs/ci.md says how CI announces them'),
  accessories: because('databases and queues stay with Kamal or compose: have them running'),
  asset_path: because('files of both versions are not served from one folder here'),
  aliases: because('`bg` has commands of its own'),
  hooks_path: because('hooks of Kamal are not run: checks and smoke tests are in the configuration'),
  ssh: because('hosts are named under `docker.hosts`, each with its own address'),
  sshkit: because('hosts are named under `docker.hosts`, each with its own address'),
  boot: because('instances start four at a time'),
  allow_empty_roles: because('roles are left out'),
  run_directory: because('this engine keeps its state in `state`'),
  error_pages_path: because('the load balancer answers for a service that does not'),
};

/** A list of hosts, or roles with theirs. */
function serversOf(value: unknown): Taken {
  if (Array.isArray(value)) return take({}, hostsLeft(value));
  const { web, ...others } = mappingIn(value);
  const roles = Object.keys(others).map(
    (role) => `${role}: only the role that serves users is taken over; what works on queues must not run twice`,
  );
  if (!isMapping(web)) return take({}, [...hostsLeft(web === undefined ? [] : listIn(web)), ...roles]);
  const { hosts = [], cmd, options, ...more } = web;
  const left = [...Object.keys(more).map((key) => `web.${key}: has no counterpart`), ...roles];
  const { value: given = {}, left: unknown = [] } = options === undefined ? {} : optionsOf(mappingIn(options));
  return take({ ...given, ...(cmd === undefined ? {} : { command: wordsIn(cmd) }) }, [
    ...hostsLeft(listIn(hosts)),
    ...unknown,
    ...left,
  ]);
}

const hostsLeft = (hosts: readonly unknown[]): readonly string[] =>
  hosts.length === 0
    ? []
    : [`${textsOfHosts(hosts)}: containers run on this machine until \`docker.hosts\` names another one`];

/** A host may be a mapping of its name to its tags. */
const textsOfHosts = (hosts: readonly unknown[]): string =>
  hosts
    .slice(0, 5)
    .map((each) => (isMapping(each) ? (Object.keys(each)[0] ?? '') : textIn(each)))
    .join(', ');

/** Those of `docker run`. */
function optionsOf(options: Mapping): Taken {
  const { memory, cpus, ...others } = options;
  const bytes = memory === undefined ? undefined : /^(\d+)([mg])b?$/i.exec(textIn(memory));
  const unit = bytes?.[2]?.toLowerCase() === 'g' ? 1024 ** 3 : 1024 ** 2;
  return take(
    {
      ...(bytes ? { memoryBytes: Number(bytes[1]) * unit } : {}),
      ...(cpus === undefined ? {} : { cpus: Number(textIn(cpus)) }),
    },
    [
      ...Object.keys(others).map((key) => `web.options.${key}: has no counterpart`),
      ...(memory !== undefined && !bytes ? ['web.options.memory: expected a size such as 512m'] : []),
    ],
  );
}

function proxyOf(value: unknown): Taken {
  if (value === false || value === true) return {};
  const { app_port: port, healthcheck, host, hosts, ...others } = mappingIn(value);
  const { path, interval, timeout } = healthcheck === undefined ? ({} as Mapping) : mappingIn(healthcheck);
  const health = {
    ...(path === undefined ? {} : { path: shapedIn(path, shapes.healthPath) }),
    ...(interval === undefined ? {} : { intervalMs: durationIn(interval) }),
    ...(timeout === undefined ? {} : { timeoutMs: durationIn(timeout) }),
  };
  const names = [host, ...(hosts === undefined ? [] : listIn(hosts))].filter((each) => each !== undefined);
  return take({ health, ...(port === undefined ? {} : { port: wholeIn(port, { max: 65_535 }) }) }, [
    ...names.map((each) => `host ${textIn(each)}: the load balancer answers for every name; put TLS in front of it`),
    ...Object.keys(others).map((key) => `${key}: ${proxyWhy[key] ?? 'has no counterpart'}`),
  ]);
}

const proxyWhy: Readonly<Record<string, string>> = {
  ssl: 'put TLS in front of the load balancer, or use `tls` of HAProxy or nginx',
  response_timeout: 'is `loadBalancer.requestTimeout`',
  buffering: 'bodies are passed on as they come',
  forward_headers: 'is `loadBalancer.trustedProxies`',
};

function registryOf(value: unknown): Taken {
  const { server = 'docker.io', username, password } = mappingIn(value);
  if (username === undefined || password === undefined) return {};
  const [passwordVariable, ...others] = Array.isArray(password) ? textsIn(password) : [];
  if (passwordVariable === undefined || others.length > 0)
    return notTaken('its password is never copied: name the variable that holds it under `docker.registries`');
  if (Array.isArray(username)) return notTaken('its user is a secret of Kamal: name it under `docker.registries`');
  return take({
    registry: { server: textIn(server), username: shapedIn(username, shapes.registryUser), passwordVariable },
  });
}

function envOf(value: unknown): Taken {
  const env = mappingIn(value);
  const isPlain = !('clear' in env || 'secret' in env || 'tags' in env);
  const { left, ...found } = variablesIn(Object.entries(isPlain ? env : mappingIn(env.clear ?? {})));
  // `DB_PASSWORD:MAIN_DB_PASSWORD`: the service knows the first name.
  const secrets = env.secret === undefined ? [] : textsIn(env.secret).map((each) => each.replace(/:.*$/s, ''));
  return take({ ...found, named: [...found.named, ...secrets] }, [
    ...left,
    ...('tags' in env ? ['tags: variables differ by slot or target here, not by host'] : []),
  ]);
}

function volumesOf(value: unknown): Taken {
  const volumes = textsIn(value).map((each) => each.split(':'));
  const isFixed = (options: string | undefined): boolean => options?.split(',').includes('ro') === true;
  const fixed = volumes.filter(([, , options]) => isFixed(options));
  const left = volumes.filter(([, , options]) => !isFixed(options)).map((each) => `${each.join(':')}: ${written}`);
  const taken = fixed.map(([source, path]) => ({
    source: shapedIn(source, shapes.volumeSource),
    path: shapedIn(path, shapes.volumePath),
  }));
  return take({ volumes: taken }, left);
}

const written =
  'two versions run at once, and both would write to it: add it under `volumes` with `shared: true` if your service can cope with that';
