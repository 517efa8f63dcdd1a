// What holds in a new clone, whichever Node and npm the machine has.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'vitest';
import { firstHour, type Pair } from './fresh-clone.ts';

const cli = resolve(import.meta.dirname, '../../apps/cli/package.json');

export async function bothCommandsRun(pair: Pair): Promise<void> {
  const seen = await firstHour(pair);
  expect(seen.pair).toEqual(pair);
  expect(seen.started).toContain('Ctrl-C stops everything');
  expect(seen.started).toContain('Everything is stopped.');
  expect(seen.started).not.toMatch(/EBADENGINE|npm warn|npm WARN|SyntaxError|ExperimentalWarning/);
  // npm 9 ends by the signal itself once its script has ended. SIGKILL would be ours, after a limit.
  expect([0, 130, 'SIGINT']).toContain(seen.ended);
  expect(seen.version).toBe((JSON.parse(readFileSync(cli, 'utf8')) as { version: string }).version);
}
