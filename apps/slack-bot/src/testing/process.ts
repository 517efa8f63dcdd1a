// The bot as a separate process, as a service manager would start it.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface BotProcess {
  readonly child: ChildProcess;
  /** Everything it has said so far, on both streams. */
  readonly output: () => string;
  /** Resolves with what it said when it has said something that fits. */
  says(pattern: RegExp, limitMs?: number): Promise<string>;
  readonly exit: Promise<number | null>;
}

export function startBotProcess(environment: Readonly<Record<string, string>>): BotProcess {
  const child = spawn(process.execPath, [entry], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, output: () => text, says: (pattern, limitMs) => saying(() => text, pattern, limitMs), exit };
}

async function saying(output: () => string, pattern: RegExp, limitMs = 60_000): Promise<string> {
  const end = Date.now() + limitMs;
  while (!pattern.test(output())) {
    if (Date.now() > end) throw new Error(`never said ${pattern}; it said:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return output();
}
