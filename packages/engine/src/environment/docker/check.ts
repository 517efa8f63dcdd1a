// What is wrong with the configuration of Docker across its values.

import { BlockList, isIP } from 'node:net';
import type { Path } from '../../config/kit/path.ts';
import { error, type Finding, warning } from '../../config/kit/problems.ts';
import type { DockerDraft } from './config.ts';

export function checkDocker(own: DockerDraft, at: Path): readonly Finding[] {
  const path = [...at, 'docker'];
  return [
    ...checkHosts(own, [...path, 'hosts']),
    ...checkImage(own, [...path, 'image']),
    ...checkRegistries(own, [...path, 'registries']),
    ...checkVolumes(own, [...path, 'volumes']),
  ];
}

function checkHosts(own: DockerDraft, path: Path): readonly Finding[] {
  const hosts = own?.hosts ?? [];
  return hosts.flatMap((host, index) => {
    const here = [...path, index];
    if (!host?.address) return [];
    const double = host.name !== undefined && hosts.findIndex((each) => each?.name === host.name) < index;
    const url = new URL(host.address);
    const isSocket = url.protocol === 'unix:';
    const needsTls = url.protocol === 'tcp:' && !host.tls && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
    return [
      ...(double ? [error([...here, 'name'], `another host is called ${host.name} too`)] : []),
      ...(needsTls
        ? [error([...here, 'tls'], 'is missing: who reaches this address without it has the rights of root there')]
        : []),
      ...(host.tls && url.protocol !== 'tcp:' ? [error([...here, 'tls'], 'is for an address of tcp://')] : []),
      ...(host.ssh && url.protocol !== 'ssh:' ? [error([...here, 'ssh'], 'is for an address of ssh://')] : []),
      ...(hosts.findIndex((each) => each?.address === host.address) < index
        ? [error([...here, 'address'], 'another host has this address too')]
        : []),
      ...checkEndpoint(own, { endpointHost: host.endpointHost, isSocket, path: [...here, 'endpointHost'] }),
    ];
  });
}

interface EndpointOfHost {
  readonly endpointHost: string | undefined;
  readonly isSocket: boolean;
  readonly path: Path;
}

/** Docker publishes past the firewall of its host, so a preview would be public. */
function checkEndpoint(own: DockerDraft, { endpointHost, isSocket, path }: EndpointOfHost): readonly Finding[] {
  if (endpointHost === undefined)
    return isSocket ? [] : [error(path, 'is missing; expected the address at which load balancers reach this host')];
  if (own?.network === 'host') return [];
  if (isIP(endpointHost) === 0)
    return [error(path, 'expected an address: the port of a container is published on it, and on no other')];
  if (endpointHost === '0.0.0.0' || endpointHost === '::')
    return [error(path, 'would publish ports on every address of the host, past its firewall; name one of them')];
  return isPrivate(endpointHost)
    ? []
    : [error(path, 'is a public address, and Docker publishes ports past the firewall; name a private one')];
}

const kind = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const privateNetworks = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateNetworks.addSubnet(network, bits, kind(network));

const isPrivate = (address: string): boolean => privateNetworks.check(address, kind(address));

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

function checkImage(own: DockerDraft, path: Path): readonly Finding[] {
  const image = own?.image;
  if (image === undefined || image.includes('@sha256:')) return [];
  const tag = /:([A-Za-z0-9_][A-Za-z0-9._-]*)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest'
    ? [error(path, 'names no version of the image: it would be another one tomorrow. Add a tag or a digest')]
    : [];
}

function checkRegistries(own: DockerDraft, path: Path): readonly Finding[] {
  return (own?.registries ?? []).flatMap((each, index) => {
    if (!each) return [];
    const ways = (['password', 'file', 'helper', 'command'] as const).filter((key) => key in each);
    const here = [...path, index];
    if (ways.length !== 1) return [error(here, 'expected one of password, file, helper, command')];
    const needsUser = ways[0] === 'password' || ways[0] === 'command';
    return needsUser !== 'username' in each
      ? [error([...here, 'username'], needsUser ? 'is missing' : `is not used with ${ways[0]}`)]
      : [];
  });
}

/** Two versions run at once, so both would write to it. */
function checkVolumes(own: DockerDraft, path: Path): readonly Finding[] {
  return (own?.volumes ?? []).flatMap((volume, index) => {
    if (!volume?.source) return [];
    const here = [...path, index];
    if (/docker\.sock$/.test(volume.source))
      return [warning([...here, 'source'], 'gives the service the rights of root on the host')];
    const isWritten = volume.readOnly !== true && !('readOnly' in volume && volume.readOnly === undefined);
    return isWritten && volume.shared !== true && !('shared' in volume && volume.shared === undefined)
      ? [
          error(
            here,
            'both sides would write to it while two versions run; set readOnly: true, or shared: true where the service can cope with that',
          ),
        ]
      : [];
  });
}
