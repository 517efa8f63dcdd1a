// How deployments end when the release is bad: real releases that each fail differently, under real traffic.

import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, SlotView, TargetView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { deployed, eventually, onStage, type Stage } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const quick = ({
  canary = '[{ percent: 30, watch: 1s }]',
  patience = '30s',
  bake = '1s',
  keep = '2s',
  more = '',
} = {}) => ({
  target: `
        canary: ${canary}
        judge: { minRequests: 20, maxErrorRate: 5%, patience: ${patience}, atEnd: abort }
        bake: ${bake}
        failedSide: { keep: ${keep} }
        health: { startup: 4s }
        ${more}
`,
});

const targetOf = (engine: Engine): TargetView => {
  const [target] = engine.status().targets;
  if (!target) throw new Error('no target');
  return target;
};
const slot = (engine: Engine, name: 'blue' | 'green'): SlotView | undefined =>
  targetOf(engine).slots.find((each) => each.slot === name);
const reported = (engine: Engine, action: string): string[] =>
  engine.audit.after(0, 10_000).flatMap((row) => (row.action === action ? [row.sentence] : []));
const frontStatus = async ({ front }: Stage): Promise<number> => (await fetch(`${front}/api/products`)).status;
const markOf = (engine: Engine, version: string): string | undefined => {
  const releases = engine.releases({});
  return releases.ok ? releases.value.find((each) => each.version === version)?.quarantined : undefined;
};

/** Neither by its version nor by another one with the same files. */
async function aMachineCannotBringBack({ folder }: Stage, engine: Engine, version: string): Promise<void> {
  const ci = { kind: 'machine', name: 'ci', door: 'webhook' } as const;
  expect(engine.deploy({ version, actor: ci })).toMatchObject({ ok: false, refusal: { code: 'quarantined' } });
  const releases = join(folder, 'releases', 'shop');
  await cp(join(releases, version), join(releases, `${version}-again`), { recursive: true });
  const copy = { version: `${version}-again`, actor: ci };
  expect(engine.deploy(copy)).toMatchObject({ ok: false, refusal: { code: 'target-suspended' } });
  const alice = { kind: 'person', id: 'alice', door: 'cli' } as const;
  expect(engine.unsuspend({ actor: alice })).toMatchObject({ ok: true });
  const again = engine.deploy(copy);
  expect(again).toMatchObject({ ok: true });
  await eventually(() => engine.deployment(again.ok ? again.value.id : '')?.outcome !== undefined);
  expect(engine.deployment(again.ok ? again.value.id : '')?.outcome).toMatchObject({
    kind: 'failed',
    code: 'quarantined',
    sentence: expect.stringContaining(`has the files of ${version}`),
  });
}

const steady = (stage: Stage) => startUsers(stage.front, { count: 2, everyMs: 15 });

describe.concurrent('a release that', { timeout: 120_000 }, () => {
  it('fails a smoke test never reaches a user, is retained for inspection, then replaced by the last good one', () =>
    onStage(quick(), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const users = steady(stage);
      const end = await deployed(engine, 'v2.2-broken-smoke');
      expect(end.outcome).toMatchObject({
        kind: 'failed',
        code: 'smoke-test-failed',
        sentence: expect.stringContaining('order'),
      });
      expect(end.kept).toMatchObject({ slot: 'green', version: 'v2.2-broken-smoke', label: 'failed' });
      expect(end.actions.map(({ name }) => name)).toEqual(['restore-failed', 'keep-failed']);
      await eventually(() => slot(engine, 'green')?.role === 'standby');
      expect(slot(engine, 'green')).toMatchObject({ version: 'v1.0', label: undefined });
      expect(reported(engine, 'side-restored')).toHaveLength(1);
      const { lost, versions } = await users.stop();
      expect(lost).toEqual([]);
      expect([...versions.keys()]).toEqual(['v1.0']);
    }));

  it('never becomes healthy is given up within its startup time', () =>
    onStage(quick(), async (_, engine) => {
      await deployed(engine, 'v1.0');
      const end = await deployed(engine, 'v2.3-never-healthy');
      expect(end.outcome).toMatchObject({
        kind: 'failed',
        code: 'never-healthy',
        sentence: expect.stringContaining('starting'),
      });
      expect(targetOf(engine).routing).toMatchObject({ active: 'blue', canary: undefined, preview: undefined });
      // No user had it: what it missed may come, and CI may try again.
      expect(markOf(engine, 'v2.3-never-healthy')).toBeUndefined();
    }));

  it('errs with real users loses its share again, and the next deployment takes its slot and says so', () =>
    onStage(quick({ keep: '10m' }), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const users = steady(stage);
      const end = await deployed(engine, 'v2.4-errors');
      expect(end.outcome).toMatchObject({
        kind: 'failed',
        code: 'canary-failed',
        sentence: expect.stringContaining('failed on the new side'),
      });
      expect(targetOf(engine).routing).toMatchObject({ active: 'blue', canary: undefined });
      const { versions } = await users.stop();
      expect(versions.get('v2.4-errors')).toBeGreaterThan(0);
      expect(markOf(engine, 'v2.4-errors')).toContain('failed on the new side');
      await aMachineCannotBringBack(stage, engine, 'v2.4-errors');
      const calm = steady(stage);
      expect(slot(engine, 'green')).toMatchObject({ version: 'v2.4-errors', label: 'failed' });
      const plan = await engine.plan({ version: 'v2.1', actor: { kind: 'person', id: 'alice', door: 'cli' } });
      expect(plan.ok && plan.value.warnings.join()).toContain('v2.4-errors in green (failed) will be stopped');
      expect((await deployed(engine, 'v2.1')).outcome?.kind).toBe('promoted');
      expect(reported(engine, 'slot-claimed').at(-1)).toBe('green gave up v2.4-errors (failed)');
      expect((await calm.stop()).lost).toEqual([]);
    }));

  it('crashes while it bakes is rolled back', () =>
    onStage(
      quick({ canary: '[]', bake: '12s', more: 'env: { SHOP_CRASH_AFTER_MS: "9000" }' }),
      async (stage, engine) => {
        await deployed(engine, 'v1.0');
        const users = steady(stage);
        const end = await deployed(engine, 'v2.6-crashes');
        expect(end.outcome).toMatchObject({
          kind: 'rolled-back',
          code: 'side-crashed',
          sentence: expect.stringContaining('price cache'),
        });
        expect(targetOf(engine).slots).toMatchObject([
          { slot: 'blue', role: 'active', version: 'v1.0' },
          { slot: 'green', label: 'failed' },
        ]);
        expect(markOf(engine, 'v2.6-crashes')).toContain('price cache');
        await users.stop();
        expect(await frontStatus(stage)).toBe(200);
      },
    ));

  it('only the balancer cannot reach gets no user', () =>
    onStage(quick(), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const folder = join(stage.folder, 'releases', 'shop', 'v3.0-shy');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'server.mjs'), shyServer);
      const users = steady(stage);
      const end = await deployed(engine, 'v3.0-shy');
      expect(end.outcome).toMatchObject({ kind: 'failed', code: 'preview-not-proved' });
      const { lost, versions } = await users.stop();
      expect(lost).toEqual([]);
      expect([...versions.keys()]).toEqual(['v1.0']);
    }));

  it('fails as the very first one leaves 503 and, after its time, an empty slot', () =>
    onStage(quick(), async (stage, engine) => {
      const end = await deployed(engine, 'v2.2-broken-smoke');
      expect(end.outcome).toMatchObject({ kind: 'failed', code: 'smoke-test-failed' });
      expect(await frontStatus(stage)).toBe(503);
      expect(slot(engine, 'blue')).toMatchObject({ label: 'failed' });
      await eventually(() => slot(engine, 'blue')?.role === 'idle');
      expect((await deployed(engine, 'v1.0')).outcome?.kind).toBe('promoted');
      expect(await frontStatus(stage)).toBe(200);
    }));

  it('has no users is neither good nor bad, and is given up when patience ends', () =>
    onStage(quick({ patience: '2s' }), async (_, engine) => {
      await deployed(engine, 'v1.0');
      const end = await deployed(engine, 'v2.1');
      expect(end.outcome).toMatchObject({ kind: 'aborted', code: 'inconclusive' });
    }));

  it('was changed after it was registered is not started', () =>
    onStage({}, async (stage, engine) => {
      await deployed(engine, 'v1.0');
      await appendFile(join(stage.folder, 'releases', 'shop', 'v1.0', 'server.mjs'), '\n// a late change\n');
      const end = await deployed(engine, 'v1.0', { redeploy: true });
      expect(end.outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
      expect(slot(engine, 'green')?.role).toBe('idle');
    }));

  it('is live already is deployed again only as a redeploy, into the other slot', () =>
    onStage(quick({ canary: '[]' }), async (_, engine) => {
      await deployed(engine, 'v1.0');
      const end = await deployed(engine, 'v1.0', { redeploy: true });
      expect(end).toMatchObject({ mode: 'redeploy', slot: 'green', outcome: { kind: 'promoted', code: 'redeploy' } });
    }));
});

/** Works when asked directly; the balancer's requests, which name a client, get an error. */
const shyServer = `
import { createServer } from 'node:http';
const orders = { id: 'smoke-1' };
createServer((request, response) => {
  if (request.headers['x-forwarded-for']) return response.writeHead(500).end('not from there');
  if (request.url === '/') return response.end('<html>');
  response.setHeader('content-type', 'application/json');
  if (request.url === '/api/orders') return response.end(JSON.stringify(orders));
  response.end(JSON.stringify({ status: 'ok', environment: process.env.ENVIRONMENT_COLOR, version: 'v3.0-shy', database_connected: true }));
}).listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;
