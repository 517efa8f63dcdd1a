// The migrator's process, as the bench starts and kills it.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { MigrationEvent } from '../../packages/engine/src/migrator/phases/context.ts';

const release = join(import.meta.dirname, 'release');
const script = join(import.meta.dirname, 'migrator-process.ts');

export type PhaseName = 'expand' | 'backfill' | 'contract';

/**
 * Resolves with true when it came to its end, and with false when it was killed at the first event that `killAt` names.
 * @throws Error with what it wrote when it failed
 */
export async function migrate(
  url: string,
  phase: PhaseName,
  signal: AbortSignal,
  killAt: (event: MigrationEvent) => boolean = () => false,
): Promise<boolean> {
  const child = spawn(process.execPath, [script, url, phase, release], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  let rest = '';
  let stderr = '';
  let killed = false;
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.on('data', (chunk) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (killed || !lines.some((line) => killAt(JSON.parse(line) as MigrationEvent))) return;
    killed = true;
    kill();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code === 0) return true;
  if (killed) return false;
  throw new Error(`the migrator failed in ${phase}: ${stderr}`);
}
