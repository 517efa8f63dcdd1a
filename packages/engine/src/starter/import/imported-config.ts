// The configuration of what was imported: a target of the docker driver. Values are written as JSON texts, which YAML reads as
// they are. What was left out is listed at the end, for the person who goes on from here.

import type { Imported, ImportedHealth, Importing } from './imported.ts';

export interface ImportedAnswers {
  readonly importing: Importing;
  /** The name of the file that was read. */
  readonly source: string;
  readonly state: string;
  /** Of the releases: relative to the configuration, or absolute. */
  readonly releases: string;
  readonly ports: { readonly blue: number; readonly green: number; readonly front: number };
  readonly loadBalancer: 'embedded' | 'haproxy' | 'nginx';
  readonly person: { readonly id: string; readonly osUser: string };
}

export function importedConfig(answers: ImportedAnswers): string {
  const { importing, source, state, releases, ports, loadBalancer, person } = answers;
  const { service, imported, left } = importing;
  const { instances = 1 } = imported;
  const lines = [
    `# Made by \`bg init --from ${oneLine(source)}\`. docs/docker.md and bluegreen.example.yaml explain every key.`,
    '',
    '# What must never be lost: state, audit log, sockets. At most 60 bytes as an absolute path.',
    `state: ${text(state)}`,
    '',
    '# Who may act. Add colleagues with their Slack id and login; who is not here may only look.',
    'people:',
    `  - { id: ${text(person.id)}, osUser: ${text(person.osUser)} }`,
    '',
    'services:',
    `  ${service}:`,
    '    # One folder per version, with bluegreen.image.json, or announced by CI as artifact.image.',
    `    releases: ${text(releases)}`,
    ...commandLines(imported),
    '    # Where the Slack bot posts, once there is one.',
    '    channel: "#deploys"',
    ...environmentLines(service, imported),
    ...healthLines(imported.health),
    ...optional('grace', imported.graceMs, duration),
    ...quotaLines(imported),
    ...optional('keepReleases', imported.keepReleases, (count) => text({ count, age: '30d' })),
    ...registryLines(imported),
    '    targets:',
    '      production:',
    ...(instances > 1 ? [`        instances: ${instances}`] : []),
    '        environment:',
    '          driver: docker',
    '          docker:',
    ...dockerLines(imported).map((line) => `            ${line}`),
    '        slots:',
    `          blue: { port: ${ports.blue} }`,
    `          green: { port: ${ports.green} }`,
    '        # Where users connect.',
    `        loadBalancer: { driver: ${loadBalancer}, listen: "127.0.0.1:${ports.front}" }`,
    '        # Everybody moves at once. With users who can tell a bad version, send a share first and watch it:',
    '        # canary: [{ percent: 10, watch: 1m }, { percent: 50, watch: 1m }]',
    '        canary: []',
    '        bake: 30s',
    ...(left.length === 0
      ? []
      : ['', '# Not taken over:', ...left.map(({ key, why }) => `# - ${oneLine(key)}: ${oneLine(why)}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

const text = (value: unknown): string => JSON.stringify(value);
const oneLine = (value: string): string => value.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 500);
/** `\${` in a configuration is a variable of it. */
const literal = (value: string): string => value.replaceAll('${', () => '$${');
const duration = (ms: number): string => (ms % 1_000 === 0 && ms > 0 ? `${ms / 1_000}s` : `${Math.max(1, ms)}ms`);

function optional<Value>(key: string, value: Value | undefined, write: (value: Value) => string): readonly string[] {
  return value === undefined ? [] : [`    ${key}: ${write(value)}`];
}

/** Where the command names the port of the container, the slot's is meant from now on. */
function commandLines({ entrypoint = [], command = [], port }: Imported): readonly string[] {
  const argv = [...entrypoint, ...command];
  if (argv.length === 0) return [];
  const own = port === undefined ? undefined : new RegExp(`(^|[^0-9])${port}(?![0-9])`, 'g');
  const words = argv.map((word) => {
    const plain = literal(word);
    return own ? plain.replaceAll(own, '$1$${APPLICATION_PORT}') : plain;
  });
  return ['    # In the place of ENTRYPOINT and CMD of the image.', `    command: ${text(words)}`];
}

/** The slot has a port of its own, which the service must listen on. */
function environmentLines(service: string, { env = {}, named = [], envFiles = [], port }: Imported): readonly string[] {
  const own = port !== undefined && env.PORT === undefined && !named.includes('PORT') ? { PORT: String(port) } : {};
  const values = Object.entries({ ...env, ...own }).map(([name, value]) => {
    const isPort = port !== undefined && /(^|_)PORT$/.test(name) && value === String(port);
    return `      ${name}: ${text(isPort ? `\${APPLICATION_PORT}` : literal(value))}`;
  });
  const names = [...new Set(named)];
  const files = [...envFiles, ...(names.length > 0 ? [`${service}.env`] : [])];
  return [
    ...(values.length === 0
      ? []
      : [
          '    # The service listens on 0.0.0.0 where APPLICATION_PORT says: each slot has its own.',
          '    env:',
          ...values,
        ]),
    ...(files.length === 0 ? [] : [`    envFiles: ${text([...new Set(files)])}`]),
    ...(names.length === 0
      ? []
      : [
          `    # Their values were not copied: write NAME=value lines into ${service}.env, mode 0600.`,
          `    requiredEnv: ${text(names)}`,
        ]),
  ];
}

function healthLines({ path, intervalMs, timeoutMs, failures, startupMs }: ImportedHealth = {}): readonly string[] {
  const times = {
    ...(intervalMs ? { interval: duration(intervalMs) } : {}),
    ...(timeoutMs ? { timeout: duration(timeoutMs) } : {}),
    ...(failures ? { failures } : {}),
    ...(startupMs ? { startup: duration(startupMs) } : {}),
  };
  const how = path === undefined ? { type: 'tcp' } : { path, check: 'status-code' };
  const weak =
    path === undefined
      ? 'Only a connection is asked for, the weakest proof: name `path`, and let its answer name the version (docs/health.md).'
      : 'Any 2xx is healthy: let the answer name the version, and leave `check` out (docs/health.md).';
  return [`    # ${weak}`, `    health: ${text({ ...how, ...times })}`];
}

function quotaLines({ memoryBytes, cpus, pids }: Imported): readonly string[] {
  const quota = {
    ...(memoryBytes === undefined ? {} : { memory: `${Math.max(1, Math.round(memoryBytes / 1024))}KB` }),
    ...(cpus === undefined ? {} : { cpu: cpus }),
    ...(pids === undefined ? {} : { pids }),
  };
  return Object.keys(quota).length === 0 ? [] : [`    quota: ${text(quota)}`];
}

/** The engine asks the registry itself, to turn a tag into a digest. */
function registryLines({ image }: Imported): readonly string[] {
  const host = image === undefined ? undefined : registryOf(image);
  return host === undefined
    ? []
    : [
        '    # Where tags that CI announces are turned into digests.',
        `    artifacts: { hosts: [{ name: ${text(host)} }] }`,
      ];
}

/** Of a name with a registry in it. */
export function registryOf(image: string): string | undefined {
  const [first = '', rest] = image.split(/\/(.*)/s);
  return rest !== undefined && /[.:]|^localhost$/.test(first) && /^[A-Za-z0-9.:-]{1,260}$/.test(first)
    ? first
    : undefined;
}

function dockerLines(imported: Imported): readonly string[] {
  const { network = 'bridge', user, readOnly = false, capabilities = [], volumes = [], registry } = imported;
  const { extraHosts = [], ulimits = [] } = imported;
  return [
    `network: ${text(network)}`,
    ...(readOnly ? [] : ['# Safer with true, where the service writes to /tmp and its volumes alone.']),
    `readOnly: ${readOnly}`,
    ...(user === undefined ? [] : [`user: ${text(user)}`]),
    '# It has no capability but these. An image that starts as root and changes its account needs CHOWN, SETUID and SETGID.',
    `capabilities: ${text(capabilities)}`,
    ...(volumes.length === 0 ? [] : [`volumes: ${text(volumes.map((each) => ({ ...each, readOnly: true })))}`]),
    ...(extraHosts.length === 0 ? [] : [`extraHosts: ${text(extraHosts)}`]),
    ...(ulimits.length === 0 ? [] : [`ulimits: ${text(ulimits)}`]),
    ...(registry === undefined
      ? []
      : [
          `registries: [{ registry: ${text(registry.server)}, username: ${text(literal(registry.username))}, password: "$\{${registry.passwordVariable}}" }]`,
        ]),
  ];
}
