// `bg deploy --follow` of a deployment that waits, with real processes: through the waiting into the deployment.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from '../testing/shell.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let shell: Shell;
beforeAll(async () => {
  shell = await openShell(
    '        canary: []\n        bake: 1s\n        approval: { approvers: [alice], fourEyes: false }\n',
  );
  const releases = join(shell.folder, 'releases/shop');
  cpSync(join(releases, 'v1.0'), join(releases, 'v3.0'), { recursive: true });
  await shell.bg('deploy', 'v1.0');
});
afterAll(() => shell.close());

it('follows it into its deployment, and ends with what became of it; a cancelled one ends as refused', async () => {
  const holding = shell.start(['drive']);
  await holding.shows('Drives deployments');
  await shell.bg('deploy', 'v2.0', '--hold');
  const following = shell.start(['deploy', 'v2.1', '--follow']);
  await following.shows('waits in place 1');
  const leaving = shell.start(['deploy', 'v3.0', '--follow']);
  await leaving.shows('waits in place 2');
  const queue = (await shell.bg('queue', '--json')).json() as { now: readonly { id: string; version: string }[] };
  expect(queue.now.map(({ version }) => version)).toEqual(['v2.1', 'v3.0']);
  await shell.bg('cancel', queue.now[1]?.id ?? '', '--reason', 'not today');
  const left = await leaving.ended;
  expect([left.code, left.out]).toEqual([3, expect.stringContaining('cancelled (not today)')]);
  await shell.bg('abort');
  const { code, out } = await following.ended;
  expect([code, out]).toEqual([0, expect.stringContaining('v2.1 is live')]);
  holding.child.kill('SIGTERM');
  await holding.ended;
});
