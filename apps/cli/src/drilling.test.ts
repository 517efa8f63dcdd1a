// `bg drill` in a shell: with no process that drives, it drives itself until the drill is over.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n');
});
afterAll(() => shell.close());

describe('bg drill', { timeout: 120_000 }, () => {
  it('is refused before there is a way back', async () => {
    expect((await shell.bg('drill')).code).toBe(3);
  });

  it('proves it, says how long a rollback would take, and moves nobody', async () => {
    for (const version of ['v1.0', 'v2.1']) expect((await shell.bg('deploy', version, '--follow')).code).toBe(0);
    const drilled = await shell.bg('drill');
    expect([drilled.code, drilled.out]).toEqual([
      0,
      expect.stringMatching(/a rollback to v1\.0 in blue works: proved through the load balancer in \d+ ms/),
    ]);
    expect(drilled.err).toContain('no process drives, so this one does until the drill is over');
    const status = await shell.bg('status', '--json');
    expect(status.json()).toMatchObject({
      targets: [{ routing: { active: 'green' }, drill: { last: { code: 'passed' } } }],
    });
  });
});
