// Deploys with the command line only: no bot, no receiver, only `bg` and what it starts. Tests build on one another.

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n        health: { startup: 4s }\n');
});
afterAll(() => shell.close());

async function liveVersion(): Promise<string> {
  const answer = await fetch(`${shell.front}/health`, { signal: AbortSignal.timeout(10_000) });
  return ((await answer.json()) as { version: string }).version;
}

describe('without any other process', () => {
  it('deploys to the end and says that it is the controller itself', async () => {
    const { code, out, err } = await shell.bg('deploy', 'v1.0', '--reason', 'first one');
    expect(err).toContain('No process drives deployments now, so this one is driven from here.');
    expect(out).toMatch(/✓ start v1\.0 \(/);
    expect(out).toMatch(/promoted: v1\.0 is live\n$/);
    expect(code).toBe(0);
    expect(await liveVersion()).toBe('v1.0');
  });

  it('leaves what it started to serve on', async () => {
    const { out } = await shell.bg('status');
    expect(out).toMatch(/blue +active +v1\.0 +healthy +100 % .*pid \d+/);
    expect(out).toContain('driven by no process');
  });

  it('follows with one line of JSON per change; the last one has the outcome', async () => {
    const { code, out, json } = await shell.bg('deploy', 'v2.0', '--follow', '--json');
    expect(code).toBe(0);
    const views = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(views.length).toBeGreaterThan(3);
    expect(views[0]).toMatchObject({ outcome: null, version: 'v2.0', from: { version: 'v1.0' } });
    expect(json()).toMatchObject({ outcome: { kind: 'promoted' }, percent: 100, requestedBy: 'person:alice' });
    expect(await liveVersion()).toBe('v2.0');
  });

  it('rolls back with nothing but a shell', async () => {
    const { code, json } = await shell.bg('rollback', '--reason', 'wrong prices', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({ mode: 'rollback', version: 'v1.0', outcome: { kind: 'promoted' } });
    expect(await liveVersion()).toBe('v1.0');
  });

  it('switches to the release that is ready in the other slot', async () => {
    await shell.bg('deploy', 'v2.1');
    const { code, json } = await shell.bg('switch', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      mode: 'switch',
      version: 'v1.0',
      from: { version: 'v2.1' },
      outcome: { kind: 'promoted' },
    });
    expect(await liveVersion()).toBe('v1.0');
    const slots = (await shell.bg('status', '--json')).json() as { targets: { routing: { active: string } }[] };
    const active = slots.targets[0]?.routing.active ?? '';
    const again = await shell.bg('switch', '--to', active);
    expect([again.code, again.out]).toEqual([0, expect.stringMatching(new RegExp(`${active} serves already`))]);
    expect((await shell.bg('switch', '--to', 'red')).code).toBe(2);
    const plain = await shell.bg('switch');
    expect([plain.code, plain.err]).toEqual([3, expect.stringContaining('done already by alice')]);
    expect(await liveVersion()).toBe('v1.0');
  });

  it('remembers what was done, newest first', async () => {
    const { out } = await shell.bg('history', '--limit', '2');
    expect(out.trim().split('\n')).toEqual([
      expect.stringMatching(/ switch +v2\.1 → v1\.0 +✓ promoted .* alice /),
      expect.stringMatching(/ deploy +v1\.0 → v2\.1 +✓ promoted .* alice /),
    ]);
  });

  it('ends with 1 when the deployment was taken back, and says why', async () => {
    const { code, out } = await shell.bg('deploy', 'v2.3-never-healthy');
    expect(code).toBe(1);
    expect(out).toMatch(/✗ check health/);
    expect(out).toMatch(/failed: .*\n$/);
    expect(await liveVersion()).toBe('v1.0');
  });

  it('settles the failed side that is retained', async () => {
    const { code, out } = await shell.bg('keep');
    expect(code).toBe(0);
    expect(out).toContain('v2.3-never-healthy');
  });
});

describe('refusals', () => {
  it('names the rule, for people and for programs, and ends with 3', async () => {
    const people = await shell.bg('deploy', 'v1.0');
    expect(people.code).toBe(3);
    expect(people.err).toContain('refused (already-active)');
    expect(people.err).toContain('Nothing was changed.');
    const programs = await shell.bg('deploy', 'v1.0', '--json');
    expect(programs.json()).toMatchObject({
      refused: { code: 'already-active', sentence: expect.any(String), hint: expect.any(String) },
    });
  });

  it('says what to do when nothing waits for a decision', async () => {
    const { code, err } = await shell.bg('approve');
    expect(code).toBe(3);
    expect(err).toContain('No deployment is running on shop.');
  });

  it('shows a lock with owner, reason and end, and lets it go', async () => {
    const locked = await shell.bg('lock', 'sale starts', '--for', '2h', '--json');
    expect(locked.json()).toMatchObject({ lock: { owner: expect.stringContaining('alice'), reason: 'sale starts' } });
    expect((await shell.bg('status')).out).toMatch(/locked by alice until .*: sale starts/);
    expect((await shell.bg('unlock', '--json')).json()).toMatchObject({ lock: null });
  });

  it('shows suspended automation with its reason, and resumes it', async () => {
    const suspended = await shell.bg('suspend', 'stock-taking', '--json');
    expect(suspended.json()).toMatchObject({ suspension: { reason: 'stock-taking' } });
    expect((await shell.bg('status')).out).toMatch(/automation suspended by alice since .*: stock-taking/);
    expect((await shell.bg('unsuspend')).code).toBe(0);
    expect((await shell.bg('unsuspend')).code).toBe(3);
  });
});

describe('the single parts', () => {
  it('asks a slot for its health', async () => {
    const { code, out } = await shell.bg('health', 'blue');
    expect(code).toBe(0);
    expect(out).toMatch(/✓ healthy[\s\S]*version +v1\.0/);
  });

  it('runs the smoke tests against a slot', async () => {
    const { code, json } = await shell.bg('smoke', 'blue', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      passed: true,
      results: [{ name: 'front page' }, { name: 'products' }, { name: 'order' }],
    });
  });

  it('starts and stops a slot that serves no users, and no other slot', async () => {
    expect((await shell.bg('start', 'green', 'v2.1', '--json')).json()).toMatchObject({
      kind: 'running',
      version: 'v2.1',
    });
    expect((await shell.bg('stop', 'green')).out).toContain('stopped');
    const active = await shell.bg('stop', 'blue');
    expect(active.code).toBe(3);
    expect(await liveVersion()).toBe('v1.0');
  });

  it('fails where there is nothing to ask', async () => {
    expect((await shell.bg('health', 'green')).code).toBe(1);
  });

  it('shows the last lines of a slot and goes on until Ctrl-C', async () => {
    const once = await shell.bg('logs', 'blue', '--lines', '5');
    expect(once.out).toContain('/api/orders');
    expect(once.out.trim().split('\n').length).toBeLessThanOrEqual(5);
    const following = shell.start(['logs', 'blue', '--follow', '--lines', '1']);
    await following.shows('/api/');
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(130);
  });
});

describe('the audit log', () => {
  it('is proved', async () => {
    const { code, json } = await shell.bg('audit', 'verify', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({ intact: true, rows: expect.any(Number) });
  });

  it('is held against a head that was published outside', async () => {
    const { head, rows } = (await shell.bg('audit', 'verify', '--json')).json();
    expect((await shell.bg('audit', 'verify', '--head', `${rows}:${head}`)).code).toBe(0);
    const forged = await shell.bg('audit', 'verify', '--head', `${rows}:${'0'.repeat(64)}`);
    expect(forged.code).toBe(1);
    expect(forged.out).toContain('not the one whose hash was published');
    expect((await shell.bg('audit', 'verify', '--head', 'yesterday')).code).toBe(2);
    const file = join(shell.folder, 'heads.txt');
    writeFileSync(file, `2026-11-29T09:00:00.000Z ${rows}:${head} d_x\n\n`);
    expect((await shell.bg('audit', 'verify', '--heads', file)).code).toBe(0);
    appendFileSync(file, `2026-11-29T09:00:01.000Z ${Number(rows) - 1}:${'0'.repeat(64)}\n`);
    expect((await shell.bg('audit', 'verify', '--heads', file)).code).toBe(1);
    writeFileSync(file, 'nothing here\n');
    expect((await shell.bg('audit', 'verify', '--heads', file)).code).toBe(2);
  });

  it('is exported whole, in order, as JSON Lines', async () => {
    const { rows } = (await shell.bg('audit', 'verify', '--json')).json();
    const exported = (await shell.bg('audit', 'export')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(exported.map(({ seq }) => seq)).toEqual(Array.from({ length: Number(rows) }, (_, index) => index + 1));
    expect(exported.at(-1).time).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('is exported as CSV in which a formula that a person typed is only text', async () => {
    await shell.bg('lock', '=HYPERLINK("http://127.0.0.1","x")');
    await shell.bg('unlock');
    const { out } = await shell.bg('audit', 'export', '--csv');
    expect(out.split('\r\n')[0]).toBe('seq,time,actor,action,service,target,deployment,code,sentence,detail,hash');
    expect(out).toContain('HYPERLINK');
    expect(out).not.toMatch(/(^|,)"?=/m);
  });

  it('is exported from a moment on', async () => {
    const recent = await shell.bg('audit', 'export', '--since', '7d');
    expect(recent.out).not.toBe('');
    const later = await shell.bg('audit', 'export', '--since', '2999-01-01');
    expect([later.code, later.out]).toEqual([0, '']);
  });

  it('carries a reason that tries to steer the terminal as plain text', async () => {
    await shell.bg('lock', 'wait \u001b[2J\u001b]0;owned\u0007 please');
    const { out } = await shell.bg('status');
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/locked by alice .*please/);
    await shell.bg('unlock');
  });
});
