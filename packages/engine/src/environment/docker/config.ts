// The configuration of Docker, where it is the environment.

import { z } from 'zod';
import { type Draft, merge } from '../../config/kit/draft.ts';
import { choice, duration, listOf, matching, name, path, whole, yesNo } from '../../config/kit/values.ts';
import { parseDuration } from '../../lib/units.ts';
import { mostInstances } from '../instances.ts';
import type { DockerHost, DockerSettings, RegistryAccess } from './settings.ts';

const word = () => matching(/^[^\p{Cc}]{1,1000}$/u, 'a word of a command, without control characters');

const mostHosts = 16;

const hostKeys = z
  .strictObject({
    name: name().describe('Shown in messages; unique.'),
    address: matching(
      /^(unix:\/\/\/[^\s\p{Cc}]{1,99}|tcp:\/\/(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}|ssh:\/\/([A-Za-z0-9_][A-Za-z0-9_.-]{0,31}@)?(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:\d{1,5})?(\/[A-Za-z0-9_./-]{1,99})?)$/u,
      'an address of Docker: unix:///var/run/docker.sock, tcp://10.0.0.7:2376 or ssh://deploy@10.0.0.7',
    ).describe('Where its Docker Engine is asked. Over ssh:// a path names its socket, where it is another one.'),
    endpointHost: matching(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9:.-]{1,253})$/, 'an address such as 10.0.0.7')
      .describe(
        'Where load balancers reach what runs there; ports are published on it alone. Default: 127.0.0.1 for a socket of this machine; no other default.',
      )
      .optional(),
    tls: z
      .strictObject({
        ca: path().describe('PEM file of the authority that signed the certificate of the host.'),
        cert: path().describe('PEM file of the certificate that this engine shows.'),
        key: path().describe('PEM file of its private key.'),
      })
      .describe('For an address of tcp://, which needs it unless it is of this machine.')
      .optional(),
    ssh: z
      .strictObject({
        key: path().describe('Private key, without a passphrase. Default: what ssh uses by itself.').optional(),
        knownHosts: path().describe('Keys of hosts. Default: what ssh uses by itself.').optional(),
      })
      .describe('For an address of ssh://. The key of the host must be known; nobody is asked.')
      .optional(),
    instances: whole({ min: 1, max: mostInstances, expected: 'a whole number' })
      .describe('Of one slot at most so many run there. Default: instances take turns over all hosts.')
      .optional(),
    labels: z
      .record(
        matching(/^(?!bluegreen\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,100}$/, 'a name such as zone'),
        matching(/^[^\p{Cc}]{0,200}$/u, 'a text without control characters'),
      )
      .describe('Labels of every container there, as for monitoring. Default: none.')
      .optional(),
  })
  .describe('A Docker host.');

const registryKeys = z
  .strictObject({
    registry: matching(/^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/, 'a registry such as registry.example.com').describe(
      'As image names have it; docker.io for names without one.',
    ),
    username: word().describe('With `password` or `command`.').optional(),
    password: matching(/^[^\p{Cc}]{1,4096}$/u, 'a text without control characters')
      .describe(`Better from the environment: "\${REGISTRY_PASSWORD}".`)
      .optional(),
    file: path().describe('A config.json of Docker that names user and password, or a helper.').optional(),
    helper: matching(/^[a-z0-9-]{1,64}$/, 'a name such as ecr-login')
      .describe('The program docker-credential-<name> gives user and password.')
      .optional(),
    command: listOf(word(), 64)
      .min(1, { error: 'a list of at least the name of a program' })
      .describe('Program and arguments; it prints the password.')
      .optional(),
  })
  .describe('How one registry is logged in to: by one of password, file, helper, command. Read for each pull.');

const volumeKeys = z
  .strictObject({
    source: matching(
      /^(\/[^\p{Cc}:]{1,500}|[A-Za-z0-9][A-Za-z0-9_.-]{0,100})$/u,
      'an absolute path, or a name',
    ).describe('A folder of the host, or the name of a volume.'),
    path: matching(/^\/[^\p{Cc}:]{1,500}$/u, 'an absolute path').describe('Where the service sees it.'),
    readOnly: yesNo().describe('The service cannot change it. Default: false.').optional(),
    shared: yesNo()
      .describe('Both sides may write to it at once, and the service can cope with that. Default: false.')
      .optional(),
  })
  .describe('A folder or volume that the service sees.');

const ulimitKeys = z
  .strictObject({
    name: matching(/^[a-z]{2,16}$/, 'a name such as nofile').describe('As ulimit knows it.'),
    soft: whole({ min: -1, max: Number.MAX_SAFE_INTEGER, expected: 'a whole number' }).describe('-1 for no limit.'),
    hard: whole({ min: -1, max: Number.MAX_SAFE_INTEGER, expected: 'a whole number' })
      .describe('Default: as soft.')
      .optional(),
  })
  .describe('A limit of each process.');

export const dockerKeys = z
  .strictObject({
    hosts: listOf(hostKeys, mostHosts)
      .min(1, { error: 'a list of at least one host' })
      .describe(
        'Where containers run; the instances of a slot take turns over them. Default: the Docker Engine of this machine, at unix:///var/run/docker.sock.',
      )
      .optional(),
    network: matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,100}$/, 'host, bridge, or the name of a network')
      .describe(
        'bridge or the name of a network: the port of the slot is published on endpointHost, and the service must listen on 0.0.0.0 in its container. host: the service listens on a port of the host. Default: bridge.',
      )
      .optional(),
    image: matching(/^[a-z0-9][A-Za-z0-9._/:@-]{0,500}$/, 'an image such as node:24 or registry.example.com/node:24')
      .describe(
        'What releases that are files run in: their folder is seen in it at the same path, and cannot be changed. Default: none; then every release is an image.',
      )
      .optional(),
    registries: listOf(registryKeys, 20).describe('How registries are logged in to. Default: none.').optional(),
    pullTimeout: duration().describe('Limit for the pull of one image. Default: 10m.').optional(),
    user: matching(/^[A-Za-z0-9_.-]{1,64}(:[A-Za-z0-9_.-]{1,64})?$/, 'an account such as 1000 or 1000:1000')
      .describe('Account in the container; a number, where the release has templates. Default: that of the image.')
      .optional(),
    readOnly: yesNo()
      .describe('The service cannot write to its own file system, /tmp and volumes aside. Default: true.')
      .optional(),
    stopSignal: matching(/^SIG[A-Z0-9+-]{2,12}$/, 'a signal such as SIGQUIT')
      .describe('Asks the service to end, `grace` before it is killed. Default: that of the image, or SIGTERM.')
      .optional(),
    healthcheck: choice(['warn', 'require', 'ignore'])
      .describe(
        'What an instance is that the HEALTHCHECK of its image calls unhealthy. warn: degraded, which moves no user. require: ill. Default: warn.',
      )
      .optional(),
    capabilities: listOf(matching(/^[A-Z][A-Z_]{1,40}$/, 'a capability such as NET_BIND_SERVICE'), 40)
      .describe('Capabilities that the service needs; it has no other. Default: none.')
      .optional(),
    volumes: listOf(volumeKeys, 20).describe('Default: none.').optional(),
    extraHosts: listOf(matching(/^[A-Za-z0-9.-]{1,253}:[0-9A-Fa-f:.]{2,45}$/, 'name:address'), 50)
      .describe('Names that the service resolves by itself. Default: none.')
      .optional(),
    ulimits: listOf(ulimitKeys, 20).describe('Default: none.').optional(),
  })
  .describe('Containers of Docker Engine; 20.10 was tested. `quota` limits memory, processors and processes.');

export type DockerFile = z.infer<typeof dockerKeys>;
export type DockerDraft = Draft<DockerFile>;

const localSocket = { name: 'local', address: 'unix:///var/run/docker.sock' };
const defaultDocker = {
  hosts: [localSocket],
  network: 'bridge',
  pullTimeout: '10m',
  readOnly: true,
  healthcheck: 'warn',
} satisfies DockerFile;

export function resolveDocker(file: DockerFile | undefined, inFolder: (path: string) => string): DockerSettings {
  const {
    hosts,
    network,
    image,
    registries = [],
    pullTimeout,
    user,
    readOnly,
    healthcheck,
    ...rest
  } = merge(defaultDocker, file ?? ({} as DockerFile));
  const [first = localSocket, ...others] = hosts;
  return {
    hosts: [hostOf(first, inFolder), ...others.map((each) => hostOf(each, inFolder))],
    network,
    image,
    registries: registries.map((each) => accessOf(each, inFolder)),
    pullMs: parseDuration(pullTimeout),
    user,
    readOnly,
    stopSignal: rest.stopSignal,
    healthcheck,
    capabilities: rest.capabilities ?? [],
    volumes: (rest.volumes ?? []).map(({ source, path: at, readOnly: fixed = false }) => ({
      source,
      path: at,
      readOnly: fixed,
    })),
    extraHosts: rest.extraHosts ?? [],
    ulimits: (rest.ulimits ?? []).map(({ name: limit, soft, hard = soft }) => ({ name: limit, soft, hard })),
  };
}

/** The secrets that must not appear in any text. */
export const dockerSecrets = ({ registries }: DockerSettings): readonly string[] =>
  registries.flatMap((access) => (access.kind === 'password' ? [access.password] : []));

function hostOf(
  { name: called, address, endpointHost = '127.0.0.1', tls, ssh, instances, labels }: z.infer<typeof hostKeys>,
  inFolder: (path: string) => string,
): DockerHost {
  const known = (path: string | undefined) => (path === undefined ? undefined : inFolder(path));
  return {
    name: called,
    address,
    endpointHost,
    ...(tls ? { tls: { ca: inFolder(tls.ca), cert: inFolder(tls.cert), key: inFolder(tls.key) } } : {}),
    ...(ssh ? { ssh: { key: known(ssh.key), knownHosts: known(ssh.knownHosts) } } : {}),
    ...(instances === undefined ? {} : { instances }),
    ...(labels ? { labels } : {}),
  };
}

function accessOf(file: z.infer<typeof registryKeys>, inFolder: (path: string) => string): RegistryAccess {
  const { registry, username = '', password, command, helper } = file;
  if (password !== undefined) return { registry, kind: 'password', username, password };
  if (helper !== undefined) return { registry, kind: 'helper', name: helper };
  if (file.file !== undefined) return { registry, kind: 'file', path: inFolder(file.file) };
  const [program = '', ...words] = command ?? [];
  return { registry, kind: 'command', username, argv: [program, ...words] };
}
