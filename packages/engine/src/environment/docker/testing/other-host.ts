// Another Docker host: a dockerd in a network namespace of its own, reached over a cable (a pair of virtual interfaces) and
// with TLS, whose cable can be pulled. It sees the registry of the tests at the address that this machine has for it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { DockerHost } from '../settings.ts';
import { endDaemon, readyDaemon, removeDaemon, startDaemon } from './dockerd.ts';

export interface OtherHost {
  readonly settings: DockerHost;
  /** Of its socket, which its network has nothing to do with. */
  readonly socket: string;
  readonly daemon: ChildProcess;
  readonly pullCable: () => void;
  readonly plugIn: () => void;
  close(): Promise<void>;
}

const [here, there] = ['10.231.77.1', '10.231.77.2'];
const port = 2376;

const ip = (...words: readonly string[]): void => void execFileSync('ip', [...words], { stdio: 'pipe' });

/** `folder`: of its own. */
export async function startOtherHost(folder: string, name: string, registry?: string): Promise<OtherHost> {
  const pem = makeCertificates(folder);
  const tls = [
    '--tlsverify',
    `--tlscacert=${pem('ca')}`,
    `--tlscert=${pem('server')}`,
    `--tlskey=${pem('server-key')}`,
  ];
  const daemon = startDaemon(folder, { apart: true, also: ['-H', `tcp://0.0.0.0:${port}`, ...tls] });
  const { socket } = await readyDaemon(folder, daemon);
  const cable = `bg${daemon.pid}`;
  const inside = (...words: readonly string[]) =>
    execFileSync('nsenter', [`--net=/proc/${daemon.pid}/ns/net`, 'ip', ...words], { stdio: 'pipe' });
  ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'bgpeer', 'netns', String(daemon.pid));
  ip('addr', 'add', `${here}/30`, 'dev', cable);
  ip('link', 'set', cable, 'up');
  inside('addr', 'add', `${there}/30`, 'dev', 'bgpeer');
  inside('link', 'set', 'bgpeer', 'up');
  const relay = registry === undefined ? undefined : relayRegistry(folder, daemon, registry);
  return {
    settings: {
      name,
      address: `tcp://${there}:${port}`,
      endpointHost: there,
      tls: { ca: pem('ca'), cert: pem('client'), key: pem('client-key') },
    },
    socket,
    daemon,
    pullCable: () => ip('link', 'set', cable, 'down'),
    plugIn: () => ip('link', 'set', cable, 'up'),
    close: async () => {
      relay?.();
      await endDaemon(daemon);
      removeDaemon(folder);
    },
  };
}

/** An authority, and what it has signed for the server and for its client. */
export function makeCertificates(folder: string): (name: string) => string {
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const pem = (name: string) => join(folder, 'tls', `${name}.pem`);
  const openssl = (...words: readonly string[]) => execFileSync('openssl', [...words], { stdio: 'pipe' });
  const request = ['req', '-newkey', 'rsa:2048', '-nodes'];
  openssl(...request, '-x509', '-days', '2', '-subj', '/CN=tests', '-keyout', pem('ca-key'), '-out', pem('ca'));
  for (const [name, use] of [
    ['server', 'serverAuth'],
    ['client', 'clientAuth'],
  ] as const) {
    writeFileSync(join(folder, 'tls', `${name}.ext`), `subjectAltName=IP:${there}\nextendedKeyUsage=${use}\n`);
    openssl(...request, '-subj', `/CN=${name}`, '-keyout', pem(`${name}-key`), '-out', pem(`${name}-request`));
    const signed = ['-CA', pem('ca'), '-CAkey', pem('ca-key'), '-CAcreateserial', '-days', '2'];
    const extension = ['-extfile', join(folder, 'tls', `${name}.ext`)];
    openssl('x509', '-req', '-in', pem(`${name}-request`), ...signed, ...extension, '-out', pem(name));
  }
  return pem;
}

/** A socket in the file system, which both namespaces see, between the same port of both. */
function relayRegistry(folder: string, daemon: ChildProcess, registry: string): () => void {
  const path = join(folder, 'registry.sock');
  const at = Number(registry.split(':')[1]);
  const server = createServer((from) => {
    const to = connect(at, '127.0.0.1');
    for (const socket of [from, to]) socket.on('error', () => [from, to].map((each) => each.destroy()));
    from.pipe(to).pipe(from);
  });
  server.listen(path);
  const script = `const { connect, createServer } = require('node:net');
    createServer((from) => {
      const to = connect(${JSON.stringify(path)});
      for (const socket of [from, to]) socket.on('error', () => { from.destroy(); to.destroy(); });
      from.pipe(to).pipe(from);
    }).listen(${at}, '127.0.0.1');`;
  const words = [`--net=/proc/${daemon.pid}/ns/net`, process.execPath, '-e', script];
  const child = spawn('nsenter', words, { stdio: 'ignore' });
  return () => {
    child.kill('SIGKILL');
    server.close();
  };
}
