// The receiver under load: the production process on a fresh state, or the same server on an inbox that is not durable.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadSettings } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { configText, strikeSettings } from '../../test/support/stage.ts';
import { usedMs } from '../traffic/processes.ts';

const programs = {
  durable: join(import.meta.dirname, '../../apps/webhook/src/main.ts'),
  volatile: join(import.meta.dirname, 'volatile-process.ts'),
} as const;
const startMs = 60_000;
const stopMs = 30_000;

export interface Ground {
  readonly folder: string;
  /** Of the engine's state. */
  readonly state: string;
  readonly port: number;
  readonly secret: string;
  /** Ends the load balancer too, which outlives every receiver. */
  remove(): Promise<void>;
}

/** One that checks every delivery and accepts none: hosts send much more than builds of releases. */
const rule = '    builds: [{ host: github, repository: acme/shop, workflow: Nightly }]';

/** An empty state, for a service of which nothing runs. */
export async function freshGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-inbox-'));
  const [port = 0, blue = 0, green = 0, front = 0] = await freePorts(4);
  mkdirSync(join(folder, 'releases/shop'), { recursive: true });
  writeFileSync(join(folder, 'bluegreen.yaml'), configText({ folder, ports: { blue, green, front }, service: rule }));
  const secret = randomBytes(32).toString('hex');
  const remove = async (): Promise<void> => {
    await strikeSettings(loadSettings({ file: join(folder, 'bluegreen.yaml'), environment: {} }));
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, state: join(folder, 'state'), port, secret, remove };
}

export interface Receiver {
  /** Milliseconds of processor time since its start. */
  usedMs(): number;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
  /** SIGKILL, and its end. */
  kill(): Promise<void>;
}

/** Resolves when it answers. */
export async function startReceiver(ground: Ground, program: keyof typeof programs): Promise<Receiver> {
  const { folder, port, secret } = ground;
  const log = openSync(join(folder, 'receiver.log'), 'a');
  const child = spawn(process.execPath, [programs[program]], {
    env: {
      PATH: process.env.PATH ?? '',
      BLUEGREEN_CONFIG: join(folder, 'bluegreen.yaml'),
      GITHUB_WEBHOOK_SECRET: secret,
      PORT: String(port),
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  await answers(ground, child);
  return {
    usedMs: () => usedMs([{ pid: child.pid ?? 0, parent: process.pid, residentKb: 0 }]),
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

async function answers({ folder, port }: Ground, child: ChildProcess): Promise<void> {
  const limit = performance.now() + startMs;
  for (;;) {
    const signal = AbortSignal.timeout(2_000);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal }).catch(() => undefined);
    if (answer?.ok) return;
    if (child.exitCode !== null || performance.now() > limit)
      throw new Error(
        `the receiver does not answer: ${readFileSync(join(folder, 'receiver.log'), 'utf8').slice(-2_000)}`,
      );
    await delay(20);
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(stopMs) });
  child.kill(signal);
  await ended;
}
