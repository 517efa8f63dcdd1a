// HAProxy as people run it: a configuration file with the side in it, and a new process that takes the sockets over
// (`-sf`, `-x`) to change that. And the same without any change: what the driver's own configuration is measured against.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { SlotName } from '@bg/engine';
import { command, endAll, listening } from './program.ts';
import { type Ground, type Mechanism, userCookie } from './proxy.ts';

interface Share {
  readonly active: SlotName;
  readonly greenPercent: number;
}

export const haproxyReload: Mechanism = {
  name: 'HAProxy reload -x',
  kind: 'raw',
  family: 'haproxy',
  start: async (ground) => {
    const { folder } = ground;
    const lines = await startHaproxy(ground);
    const reload = async (share: Share): Promise<void> => {
      writeConfig(ground, share);
      const old = readFileSync(join(folder, 'haproxy.pid'), 'utf8').trim().split(/\s+/);
      await command([...startArgv(folder), '-x', join(folder, 'run.sock'), '-sf', ...old], folder);
    };
    return {
      switchTo: (active) => reload({ active, greenPercent: 0 }),
      weigh: (greenPercent) => reload({ active: 'blue', greenPercent }),
      stop: () => stop(folder, lines),
    };
  },
};

export const haproxyStatic: Mechanism = {
  name: 'HAProxy, static',
  kind: 'static',
  family: 'haproxy',
  start: async (ground) => {
    const lines = await startHaproxy(ground);
    return { switchTo: () => Promise.resolve(), weigh: undefined, stop: () => stop(ground.folder, lines) };
  },
};

const startArgv = (folder: string) =>
  ['haproxy', '-D', '-p', join(folder, 'haproxy.pid'), '-f', join(folder, 'haproxy.cfg')] as const;

async function startHaproxy(ground: Ground): Promise<Server> {
  mkdirSync(ground.folder, { recursive: true });
  const lines = await takeLines(join(ground.folder, 'lines.sock'));
  writeConfig(ground, { active: 'blue', greenPercent: 0 });
  await command(startArgv(ground.folder), ground.folder);
  await listening(ground.port, 'HAProxy');
  return lines;
}

async function stop(folder: string, lines: Server): Promise<void> {
  await endAll(folder);
  lines.close();
}

/** Reads the log and throws it away. */
async function takeLines(path: string): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

function writeConfig(ground: Ground, share: Share): void {
  const file = join(ground.folder, 'haproxy.cfg');
  writeFileSync(`${file}.new`, textOf(ground, share));
  renameSync(`${file}.new`, file);
}

/** Logging, headers and connections as in the driver's own configuration. */
function textOf({ folder, port, backends }: Ground, { active, greenPercent }: Share): string {
  const bucket = `{ req.cook(${userCookie}),xxh32,mod(100),sub(${greenPercent}) -m int lt 0 }`;
  return `global
  stats socket ${folder}/run.sock mode 600 level admin expose-fd listeners
  hard-stop-after 15m

ring lines
  format raw
  maxlen 1024
  size 8388608
  timeout connect 2s
  timeout server 1h
  server sink unix@${folder}/lines.sock

defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 60s
  timeout http-request 30s
  timeout http-keep-alive 50s
  timeout tunnel 1h
  option dontlognull
  option http-ignore-probes
  http-reuse safe

frontend users
  bind 127.0.0.1:${port}
  log ring@lines format raw local0 info
  log-format "%Ts %b %ST %ts user %Tr %Ta %[var(txn.id)] %ci %HM %HP"
  acl one_id req.fhdr_cnt(x-request-id) eq 1
  acl good_id req.fhdr(x-request-id) -m reg ^[A-Za-z0-9._-]{1,128}$
  http-request set-var(txn.id) req.fhdr(x-request-id)
  http-request set-var(txn.id) uuid() unless one_id good_id
  http-request set-header x-request-id %[var(txn.id)] unless one_id good_id
  http-request add-header x-forwarded-for %[src]
  http-request set-header x-forwarded-proto http
  http-request set-header x-forwarded-host %[req.hdr(host)] unless { req.hdr(x-forwarded-host) -m found }
${greenPercent === 0 ? '' : `  use_backend green if ${bucket}`}
  default_backend ${active}

backend blue
  server blue 127.0.0.1:${backends.blue}

backend green
  server green 127.0.0.1:${backends.green}
`;
}
