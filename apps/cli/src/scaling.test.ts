// The number of instances from the shell: with no other controller this process carries it out, and waits until it is done.

import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
beforeAll(async () => {
  shell = await openShell('        instances: 1\n        maxInstances: 2\n        canary: []\n        bake: 1s\n', {
    ports: 2,
  });
  expect((await shell.bg('deploy', 'v1.0')).code).toBe(0);
});
afterAll(() => shell.close());

it('changes it within what the configuration allows, and says so', async () => {
  const more = await shell.bg('scale', 'shop', 'blue', '2');
  expect([more.code, more.out]).toEqual([0, 'blue has 2 of 2 instances, 1 before\n']);
  const again = await shell.bg('scale', 'blue', '2', 'shop/production', '--json');
  expect([again.code, again.json()]).toEqual([
    0,
    { slot: 'blue', from: 2, to: 2, most: 2, state: 'already', now: { instances: 2, most: 2 } },
  ]);
  expect((await shell.bg('status')).out).toMatch(/blue .*2 of 2 instances/);
  const fewer = await shell.bg('scale', 'blue', '1');
  expect([fewer.code, fewer.out]).toEqual([0, 'blue has 1 of 2 instances, 2 before\n']);
});

it.each([
  [['blue', '3'], 3, 'may have 2 instances at most'],
  [['green', '2'], 3, 'nothing runs in green'],
  [['blue', '0'], 2, 'is no number of instances'],
  [['blue', 'many'], 2, 'is no number of instances'],
  [['red', '2'], 2, 'is no slot'],
  [['shop', 'blue', '2', 'x'], 2, ''],
])('refuses %s with %s', async (words, code, why) => {
  const answer = await shell.bg('scale', ...words);
  expect(answer.code).toBe(code);
  expect(answer.err).toContain(why);
});
