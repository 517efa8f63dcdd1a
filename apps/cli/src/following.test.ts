// Following is no part of a deployment: a follower that leaves or dies changes nothing; the only controller says so.

import { until } from '@bg/engine/test-kit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Shell, type Started } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
beforeAll(async () => {
  shell = await openShell(
    '        canary: [{ percent: 50, approval: true }]\n        approval: { approvers: [alice], fourEyes: false }\n        bake: 1s\n',
  );
  await shell.bg('deploy', 'v1.0');
});
afterAll(() => shell.close());

async function driver(): Promise<Started> {
  const started = shell.start(['drive']);
  await started.shows('Drives deployments');
  await until(async () => (await shell.bg('status', '--json')).json().driver !== null);
  return started;
}

const live = async () =>
  ((await shell.bg('status', 'shop', '--json')).json().live ?? undefined) as
    | { id: string; percent: number }
    | undefined;

describe('where no controller runs', () => {
  it('executes the deployment until it waits for a person, then ends and says what waits', async () => {
    const { code, err, json } = await shell.bg('deploy', 'v2.0', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      outcome: null,
      percent: 50,
      approval: { status: 'pending', approvers: ['alice'] },
    });
    expect(err).toContain('A person is awaited.');
    expect(err).toMatch(/no process drives it now.*Drive it on: bg follow d_/);
  });

  it('shows what can be done now as commands', async () => {
    const { out } = await shell.bg('status');
    expect(out).toMatch(/blue +active +v1\.0 .* 50 %/);
    expect(out).toMatch(/green +preview +v2\.0 .* 50 %/);
    for (const verb of ['approve', 'reject', 'extend', 'pause', 'abort'])
      expect(out).toContain(`bg ${verb} ${(await live())?.id}`);
  });

  it('pauses and resumes', async () => {
    const paused = await shell.bg('pause', '--json');
    expect([paused.code, paused.json().paused]).toEqual([0, { by: 'person:alice', at: expect.any(Number) }]);
    const resumed = await shell.bg('resume', '--json');
    expect([resumed.code, resumed.json().paused]).toEqual([0, null]);
  });

  it('stops its controller at Ctrl-C, undoes nothing, and says how to continue', async () => {
    const following = shell.start(['follow']);
    await following.shows('waits for approval');
    await following.shows('driven from here');
    following.child.kill('SIGINT');
    const { code, err } = await following.ended;
    expect(code).toBe(130);
    expect(err).toContain('Stopped following; nothing was taken back.');
    expect(err).toMatch(/no process drives it now.*Drive it on: bg follow d_/);
    expect(await live()).toMatchObject({ percent: 50 });
  });

  it('a decision continues the deployment to its end', async () => {
    const { code, out } = await shell.bg('approve');
    expect(out).toMatch(/promoted: v2\.0 is live\n$/);
    expect(code).toBe(0);
  });

  it('an unauthenticated user may follow, but does not become the controller', async () => {
    await shell.bg('deploy', 'v2.1', '--hold');
    const following = shell.start(['follow', '--config', shell.unauthenticatedConfig]);
    await following.shows('A person of the configured list can: bg follow');
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(130);
    expect((await shell.bg('status', '--json')).json().driver).toBeNull();
  });

  it('an abort that was asked for is done, not failed', async () => {
    const { code, json } = await shell.bg('abort', '--reason', 'not today', '--json');
    expect(json()).toMatchObject({ outcome: { kind: 'aborted', sentence: expect.stringContaining('not today') } });
    expect(code).toBe(0);
  });
});

describe('where a controller runs', () => {
  it('answers at once, and the controller does the rest', async () => {
    const driving = await driver();
    const { code, err, out } = await shell.bg('deploy', 'v2.1');
    expect(code).toBe(0);
    expect(out).toContain('v2.0 → v2.1');
    expect(err).toMatch(/Follow it: bg follow d_/);
    await until(async () => (await live())?.percent === 50);

    const following = shell.start(['follow']);
    await following.shows('waits for approval');
    following.child.kill('SIGINT');
    const looked = await following.ended;
    expect(looked.code).toBe(130);
    expect(looked.err).toMatch(/The deployment goes on, driven by .*Look again: bg follow d_/);
    expect(await live()).toMatchObject({ percent: 50 });

    const end = shell.start(['follow']);
    await end.shows('waits for approval');
    expect((await shell.bg('approve')).code).toBe(0);
    const followed = await end.ended;
    expect(followed.code).toBe(0);
    expect(followed.out).toMatch(/promoted: v2\.1 is live\n$/);
    expect(followed.err).not.toContain('driven from here');

    driving.child.kill('SIGTERM');
    expect((await driving.ended).code).toBe(0);
  });

  it('a follower takes over from a controller that was killed', async () => {
    const driving = await driver();
    await shell.bg('deploy', 'v1.0', '--hold');
    const following = shell.start(['follow', '--json']);
    await following.shows('"phase":"hold"');
    driving.child.kill('SIGKILL');
    await following.shows('driven from here');
    expect((await shell.bg('reject', '--reason', 'no')).code).toBe(3);
    expect((await shell.bg('abort')).code).toBe(0);
    const { code, json } = await following.ended;
    expect(json()).toMatchObject({ outcome: { kind: 'aborted' } });
    expect(code).toBe(1);
  });
});
