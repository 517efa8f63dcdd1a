// The same deployment by a plain script of the same commands, for HAProxy: start the release, wait until it is healthy,
// run the smoke tests, shift a tenth of the users, wait, shift all, look through the balancer, wait. It writes nothing
// down, proves nothing and cannot go back: what it takes beyond its waits is the floor.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '@bg/engine/test-kit';
import type { Stage } from '../../test/support/stage.ts';

const pollMs = 20;
const limitMs = 20_000;

export interface Scripted {
  readonly tookMs: number;
  /** From the start of the process to its first healthy answer. */
  readonly startMs: number;
}

/** Each of `versions` after the other, on two slots of its own. */
export async function deployByScript(
  { folder }: Stage,
  versions: readonly string[],
  waitsMs: { readonly watch: number; readonly bake: number },
): Promise<readonly Scripted[]> {
  const [front = 0, blue = 0, green = 0] = await freePorts(3);
  const socket = join(folder, 'script.sock');
  const file = join(folder, 'script.cfg');
  await writeFile(file, haproxyFile({ front, blue, green, socket }));
  const haproxy = spawn('haproxy', ['-f', file, '-db'], { stdio: 'ignore' });
  const running: ChildProcess[] = [];
  try {
    await until(async () => (await command(socket, 'show info').catch(() => '')) !== '');
    const results: Scripted[] = [];
    for (const [index, version] of versions.entries()) {
      const [slot, port] = index % 2 === 0 ? (['blue', blue] as const) : (['green', green] as const);
      const began = performance.now();
      const shop = start(join(folder, 'releases', 'shop', version), { port, slot, version });
      await until(() => isHealthy(port));
      const startMs = performance.now() - began;
      await smoke(port);
      const other = slot === 'blue' ? 'green' : 'blue';
      await command(socket, `set server shop/${slot} state ready; set server shop/${slot} weight 10`);
      await delay(waitsMs.watch);
      await command(socket, `set server shop/${slot} weight 100; set server shop/${other} state maint`);
      await until(() => isHealthy(front));
      await smoke(front);
      await delay(waitsMs.bake);
      results.push({ tookMs: performance.now() - began, startMs });
      await stop(running.pop());
      running.push(shop);
    }
    return results;
  } finally {
    await Promise.all([haproxy, ...running].map(stop));
  }
}

function start(folder: string, { port, slot, version }: { port: number; slot: string; version: string }): ChildProcess {
  const env = {
    PATH: process.env.PATH,
    APPLICATION_PORT: String(port),
    PORT: String(port),
    ENVIRONMENT_COLOR: slot,
    APP_VERSION: version,
    SHOP_LEDGER: join(folder, '..', '..', '..', 'script-ledger'),
  };
  return spawn(process.execPath, ['server.mjs'], { cwd: folder, env, stdio: 'ignore' });
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const isHealthy = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

async function smoke(port: number): Promise<void> {
  for (const path of ['/', '/api/products']) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    await answer.text();
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('the plain script came to no end');
    await delay(pollMs);
  }
}

/** Over HAProxy's own socket. */
function command(socket: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    connect(socket)
      .on('error', reject)
      .on('data', (chunk) => {
        answer += String(chunk);
      })
      .on('end', () => resolve(answer))
      .end(`${text}\n`);
  });
}

interface Place {
  readonly front: number;
  readonly blue: number;
  readonly green: number;
  readonly socket: string;
}

const haproxyFile = ({ front, blue, green, socket }: Place): string => `global
  stats socket ${socket} level admin
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend users
  bind 127.0.0.1:${front}
  default_backend shop
backend shop
  server blue 127.0.0.1:${blue} weight 100 disabled
  server green 127.0.0.1:${green} weight 100 disabled
`;
