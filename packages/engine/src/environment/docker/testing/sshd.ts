// An OpenSSH server for tests: on 127.0.0.1 at its own port, with its own keys, for the account that runs the tests.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../lib/testing/until.ts';

const program = '/usr/sbin/sshd';

export interface TestSshd {
  /** `ssh://account@127.0.0.1:port` and the path of the socket there. */
  address(socket: string): string;
  readonly key: string;
  readonly knownHosts: string;
  readonly child: () => ChildProcess;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const hasSshd = (): boolean => existsSync(program) && process.getuid?.() === 0;

export async function startSshd(folder: string, port: number): Promise<TestSshd> {
  const at = (name: string) => join(folder, name);
  for (const name of ['host', 'user', 'other'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  writeFileSync(at('authorized'), readFileSync(at('user.pub')), { mode: 0o600 });
  const hostKey = readFileSync(at('host.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(at('known'), `[127.0.0.1]:${port} ${hostKey}\n`);
  writeFileSync(at('config'), configText({ port, hostKey: at('host'), authorized: at('authorized') }));
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let child: ChildProcess;
  const start = async () => {
    child = spawn(program, ['-D', '-e', '-f', at('config')], { stdio: ['ignore', 'ignore', 'ignore'] });
    await until(() => accepts(port));
  };
  await start();
  return {
    address: (socket) => `ssh://${userInfo().username}@127.0.0.1:${port}${socket}`,
    key: at('user'),
    knownHosts: at('known'),
    child: () => child,
    start,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

interface Configured {
  readonly port: number;
  readonly hostKey: string;
  readonly authorized: string;
}

/** Limits of sessions and connections are those of OpenSSH as it is shipped. */
const configText = ({ port, hostKey, authorized }: Configured): string => `
Port ${port}
ListenAddress 127.0.0.1
HostKey ${hostKey}
AuthorizedKeysFile ${authorized}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
`;

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
