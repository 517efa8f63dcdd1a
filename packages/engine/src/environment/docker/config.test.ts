import { describe, expect, it } from 'vitest';
import { checkDocker } from './check.ts';
import { dockerKeys, dockerSecrets, resolveDocker } from './config.ts';

const resolve = (file: object) => resolveDocker(dockerKeys.parse(file), (path) => `/etc/shop/${path}`);
const problems = (file: object) =>
  checkDocker(dockerKeys.parse(file), ['environment']).map(({ path, message }) => `${path.join('.')} ${message}`);

const remote = { name: 'one', address: 'tcp://10.0.0.7:2376', endpointHost: '10.0.0.7' };
const tls = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' };

describe('where containers run', () => {
  it('is the Docker of this machine, with a service that may do little, unless the file says more', () => {
    expect(resolveDocker(undefined, (path) => path)).toEqual({
      hosts: [{ name: 'local', address: 'unix:///var/run/docker.sock', endpointHost: '127.0.0.1' }],
      network: 'bridge',
      image: undefined,
      registries: [],
      pullMs: 600_000,
      user: undefined,
      readOnly: true,
      stopSignal: undefined,
      healthcheck: 'warn',
      capabilities: [],
      volumes: [],
      extraHosts: [],
      ulimits: [],
    });
  });

  it('is another machine by an address and its certificates', () => {
    expect(resolve({ hosts: [{ ...remote, tls }] }).hosts).toEqual([
      { ...remote, tls: { ca: '/etc/shop/ca.pem', cert: '/etc/shop/cert.pem', key: '/etc/shop/key.pem' } },
    ]);
  });

  it('is another machine over SSH, with files of the configuration, a limit and labels', () => {
    const host = { name: 'two', address: 'ssh://deploy@10.0.0.8:2222/run/docker.sock', endpointHost: '10.0.0.8' };
    const more = { instances: 2, labels: { zone: 'b' } };
    expect(resolve({ hosts: [{ ...host, ...more, ssh: { key: 'id', knownHosts: 'known' } }] }).hosts).toEqual([
      { ...host, ...more, ssh: { key: '/etc/shop/id', knownHosts: '/etc/shop/known' } },
    ]);
    expect(
      problems({
        hosts: [
          { ...host, ssh: { key: 'id' } },
          { ...remote, tls },
        ],
      }),
    ).toEqual([]);
  });

  it.each([
    'ssh://-oProxyCommand=id@10.0.0.8',
    'ssh://deploy@-oProxyCommand=id',
    'ssh://deploy@10.0.0.8 id',
    'ssh://deploy:password@10.0.0.8',
    'http://10.0.0.8:2375',
  ])('is not %s', (address) => {
    expect(() => resolve({ hosts: [{ name: 'two', address, endpointHost: '10.0.0.8' }] })).toThrow(
      'an address of Docker',
    );
  });

  it.each([
    ['SSH for a socket', { hosts: [{ name: 'a', address: 'unix:///d.sock', ssh: {} }] }, 'is for an address of ssh://'],
    [
      'two hosts of one name',
      {
        hosts: [
          { ...remote, tls },
          { ...remote, tls, address: 'tcp://10.0.0.8:2376' },
        ],
      },
      'another host is called one too',
    ],
    [
      'a host twice',
      {
        hosts: [
          { ...remote, tls },
          { ...remote, tls, name: 'b' },
        ],
      },
      'another host has this address',
    ],
    ['an address without TLS', { hosts: [remote] }, 'hosts.0.tls is missing: who reaches'],
    ['no address for users', { hosts: [{ name: 'one', address: remote.address, tls }] }, 'endpointHost is missing'],
    ['every address', { hosts: [{ ...remote, tls, endpointHost: '0.0.0.0' }] }, 'on every address of the host'],
    ['a public address', { hosts: [{ ...remote, tls, endpointHost: '8.8.8.8' }] }, 'is a public address'],
    [
      'a name where ports are published',
      { hosts: [{ ...remote, tls, endpointHost: 'docker-1' }] },
      'expected an address',
    ],
    ['an image without a version', { image: 'registry.example.com:5000/node' }, 'names no version'],
    ['the newest image', { image: 'node:latest' }, 'names no version'],
    ['a volume of both sides', { volumes: [{ source: 'db', path: '/db' }] }, 'both sides would write to it'],
    ['the socket of Docker', { volumes: [{ source: '/var/run/docker.sock', path: '/d' }] }, 'the rights of root'],
    ['no way into a registry', { registries: [{ registry: 'r.example' }] }, 'expected one of password'],
    ['two ways', { registries: [{ registry: 'r.example', file: 'a', helper: 'b' }] }, 'expected one of password'],
    ['a password of nobody', { registries: [{ registry: 'r.example', password: 'p' }] }, 'username is missing'],
  ])('is refused with %s', (_, file, sentence) => {
    expect(problems(file).join('\n')).toContain(sentence);
  });

  it.each([
    ['an image by its digest', { image: `node@sha256:${'a'.repeat(64)}` }],
    ['a volume that is only read', { volumes: [{ source: 'db', path: '/db', readOnly: true }] }],
    ['a volume that both may write to', { volumes: [{ source: 'db', path: '/db', shared: true }] }],
    [
      'a name of the host, whose own ports are used',
      { network: 'host', hosts: [{ ...remote, tls, endpointHost: 'docker-1' }] },
    ],
  ])('takes %s', (_, file) => {
    expect(problems(file)).toEqual([]);
  });

  it('knows which of its values are secret', () => {
    const registries = [{ registry: 'r.example', username: 'ci', password: 'hush' }];
    expect(dockerSecrets(resolve({ registries }))).toEqual(['hush']);
  });
});
