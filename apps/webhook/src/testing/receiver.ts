// The receiver's own process, for tests.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePorts } from '@bg/engine/test-kit';
import type { Stage } from '../../../../test/support/stage.ts';

export interface Receiver {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ended: Promise<number | null>;
  readonly output: () => string;
}

/** With only this environment and PATH; nothing else of the test's environment. */
export function start(environment: Readonly<Record<string, string>>): Omit<Receiver, 'url'> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts')], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      output += piece;
    });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { child, ended, output: () => output };
}

/** Resolves when it answers for its health. */
export async function startReceiver(
  stage: Stage,
  secrets: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Receiver> {
  const [port] = await freePorts(1);
  const started = start({
    BLUEGREEN_CONFIG: join(stage.folder, 'bluegreen.yaml'),
    WEBHOOK_SECRET: secrets.join(', '),
    PORT: String(port),
    ...more,
  });
  const url = `http://127.0.0.1:${port}`;
  const end = Date.now() + 120_000;
  for (;;) {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok) return { ...started, url };
    if (Date.now() > end) throw new Error(`the receiver does not listen: ${started.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
