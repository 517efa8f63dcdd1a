// The way to a Docker host over SSH: its socket is forwarded over one connection for all calls, so that neither a program nor
// a session for each call is needed there.

import type { Clock } from '../../lib/clock.ts';
import { openTunnel, type Tunnel } from '../../lib/ssh-tunnel.ts';
import type { DockerHost } from './settings.ts';

const connectSeconds = 10;
const usualSocket = '/var/run/docker.sock';
const usualPort = '22';

/** @throws Error that says why there is none */
export const openWay = (host: DockerHost, clock: Clock): Promise<Tunnel> =>
  openTunnel({ words: (socket) => sshWords(host, socket), limitMs: (connectSeconds + 2) * 1000, clock });

/** Pure. What is said here wins over the person's own configuration of ssh. */
export function sshWords({ address, ssh }: DockerHost, socket: string): readonly string[] {
  const { username, hostname, port, pathname } = new URL(address);
  const options = {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    ConnectTimeout: String(connectSeconds),
    ConnectionAttempts: '1',
    // A host that is gone is noticed within 15 s.
    ServerAliveInterval: '5',
    ServerAliveCountMax: '2',
    ExitOnForwardFailure: 'yes',
    StreamLocalBindMask: '0177',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    PermitLocalCommand: 'no',
    ControlPath: 'none',
    ...(ssh?.knownHosts === undefined ? {} : { UserKnownHostsFile: ssh.knownHosts, GlobalKnownHostsFile: 'none' }),
    ...(ssh?.key === undefined ? {} : { IdentitiesOnly: 'yes', IdentityAgent: 'none', IdentityFile: ssh.key }),
  };
  const remote = pathname === '' || pathname === '/' ? usualSocket : pathname;
  return [
    '-T',
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...['-p', port || usualPort, '-L', `${socket}:${remote}`],
    ...(username === '' ? [] : ['-l', decodeURIComponent(username)]),
    ...['--', hostname.replace(/^\[|\]$/g, ''), 'cat'],
  ];
}
