import { expect, it } from 'vitest';
import { type ContainerRequest, containerOptions } from './container.ts';

const request: ContainerRequest = {
  mark: '0123456789ab',
  launch: '0123456789ab.4f1c2a9e-0d5b-4a57-9b1e-6f0d7c3a1b22',
  place: { service: 'shop', target: 'production', slot: 'green', port: 8002 },
  release: { version: 'v2', digest: 'd2' },
  image: 'sha256:abc',
  argv: ['node', 'server.mjs', '--fast'],
  env: { APPLICATION_PORT: '8002', GREETING: 'a=b' },
  workingFolder: '/srv/releases/v2',
  folders: ['/srv/releases/v2'],
  launchSettings: { graceMs: 2_500, maxLogBytes: 40_000_000, quota: { memoryBytes: 64_000_000, cpus: 0.5, pids: 100 } },
  docker: {
    hosts: [{ name: 'local', address: 'unix:///var/run/docker.sock', endpointHost: '127.0.0.1' }],
    network: 'bridge',
    image: 'node:24',
    registries: [],
    pullMs: 1,
    user: '1000',
    readOnly: true,
    stopSignal: 'SIGQUIT',
    healthcheck: 'warn',
    capabilities: ['NET_BIND_SERVICE'],
    volumes: [{ source: 'media', path: '/media', readOnly: true }],
    extraHosts: ['db:10.0.0.9'],
    ulimits: [{ name: 'nofile', soft: 1024, hard: 4096 }],
  },
  publishOn: '127.0.0.1',
};

it('asks for a container that may do little, that is found by its labels, and that Docker does not start by itself', () => {
  expect(containerOptions(request)).toEqual({
    name: 'shop-production-green-4f1c2a9e',
    Image: 'sha256:abc',
    Entrypoint: ['node'],
    Cmd: ['server.mjs', '--fast'],
    Env: ['APPLICATION_PORT=8002', 'GREETING=a=b'],
    WorkingDir: '/srv/releases/v2',
    User: '1000',
    Labels: {
      'bluegreen.state': '0123456789ab',
      'bluegreen.service': 'shop',
      'bluegreen.target': 'production',
      'bluegreen.slot': 'green',
      'bluegreen.instance': '1',
      'bluegreen.launch': '0123456789ab.4f1c2a9e-0d5b-4a57-9b1e-6f0d7c3a1b22',
      'bluegreen.version': 'v2',
      'bluegreen.digest': 'd2',
    },
    StopSignal: 'SIGQUIT',
    StopTimeout: 3,
    ExposedPorts: { '8002/tcp': {} },
    HostConfig: {
      NetworkMode: 'bridge',
      PortBindings: { '8002/tcp': [{ HostIp: '127.0.0.1', HostPort: '8002' }] },
      Binds: ['/srv/releases/v2:/srv/releases/v2:ro', 'media:/media:ro'],
      RestartPolicy: { Name: 'no' },
      Init: true,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,mode=1777' },
      CapDrop: ['ALL'],
      CapAdd: ['NET_BIND_SERVICE'],
      SecurityOpt: ['no-new-privileges'],
      ExtraHosts: ['db:10.0.0.9'],
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }],
      LogConfig: { Type: 'local', Config: { 'max-size': '10000000', 'max-file': '4' } },
      Memory: 64_000_000,
      MemorySwap: 64_000_000,
      NanoCpus: 500_000_000,
      PidsLimit: 100,
    },
  });
});

it('publishes nothing where the service listens on the network of the host, and leaves to the image what is its own', () => {
  const docker = { ...request.docker, network: 'host', user: undefined };
  const options = containerOptions({ ...request, docker, argv: [], workingFolder: undefined, folders: [] });
  expect(options).not.toHaveProperty('ExposedPorts');
  expect(options.HostConfig).not.toHaveProperty('PortBindings');
  for (const key of ['Entrypoint', 'Cmd', 'WorkingDir', 'User']) expect(options).not.toHaveProperty(key);
});
