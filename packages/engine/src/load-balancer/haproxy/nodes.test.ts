// Several HAProxies that the user runs: all follow, or all go back; and on the way back no node waits for a dead one.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../lib/testing/ports.ts';
import { until } from '../../lib/testing/until.ts';
import { createHaproxyBalancer } from './driver.ts';
import type { AttachedSettings, HaproxyOptions } from './options.ts';
import { farmOf, type HaproxyStage, haproxyStage, killNode, nodeRecord, pidOf, routingOf } from './testing.ts';

let stage: HaproxyStage;
let settings: AttachedSettings;
beforeEach(async () => {
  const ports = { b: await freePort(), log: await freePort() };
  stage = await haproxyStage({
    settings: (folder, port) => {
      settings = farmOf(folder, port, ports);
      return settings;
    },
  });
  await stage.balancer.ensure();
});
afterEach(() => stage.dispose());

const sides = () => Promise.all(stage.balancer.entrypoints.map((entrypoint) => stage.side(entrypoint)));
const onDisk = () => readFileSync(join(settings.folder, 'routing.map'), 'utf8');
const reload = (...only: string[]) => execFileSync(settings.reload[0], [...settings.reload.slice(1), ...only]);

describe('two nodes', () => {
  test('are both switched, both report it, and their requests are counted together', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
    expect(await sides()).toEqual(['blue', 'blue']);
    await stage.balancer.apply(routingOf(2, { active: 'green' }), 1);
    expect(await sides()).toEqual(['green', 'green']);
    expect(await stage.balancer.observe()).toMatchObject([
      { node: 'a', reachable: true, routing: { generation: 2, active: 'green' } },
      { node: 'b', reachable: true, routing: { generation: 2, active: 'green' } },
    ]);
    await until(async () => {
      const { blue, green } = await stage.balancer.traffic(0);
      return blue.requests === 2 && green.requests === 2;
    });
  });

  test('both go back when one does not follow forward; the error names it with the reason', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
    await killNode(stage.folder, 'b');
    await expect(stage.balancer.apply(routingOf(2, { active: 'green' }), 1)).rejects.toMatchObject({
      code: 'balancer-unsettled',
      message: expect.stringMatching(/^not every node follows \(b: .*b\.sock.*\); all others have what they had$/),
    });
    expect(await stage.side(settings.nodes[0]?.entrypoint)).toBe('blue');
    expect(onDisk()).toContain('1:1:blue');
    reload('b');
    await until(async () => (await stage.balancer.observe()).every(({ reachable }) => reachable));
    expect(await sides()).toEqual(['blue', 'blue']);
    await stage.balancer.apply(routingOf(3, { active: 'green' }), 1);
    expect(await sides()).toEqual(['green', 'green']);
  });

  test('on the way back, the living one goes at once; the dead one is named, tried again, and follows when it comes', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'blue', canary: { slot: 'green', percent: 50 } }), 1);
    await killNode(stage.folder, 'b');
    const began = performance.now();
    await stage.balancer.apply(routingOf(2, { active: 'blue' }), 1, { direction: 'back' });
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(onDisk()).toContain('2:1:blue:none');
    expect(await stage.balancer.observe()).toMatchObject([
      { node: 'a', reachable: true },
      { node: 'b', reachable: false },
    ]);
    // It comes back with an old map, as a node on another machine would.
    writeFileSync(join(settings.folder, 'routing.map'), 'routing 1:1:blue:green:5000:none:green\n');
    reload('b');
    await until(async () => {
      const nodes = await stage.balancer.observe();
      return nodes.every(({ routing, problem }) => routing?.generation === 2 && problem === undefined);
    });
  });

  test('on the way back with no node alive, the change is refused', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'green' }), 1);
    await killNode(stage.folder, 'a');
    await killNode(stage.folder, 'b');
    await expect(
      stage.balancer.apply(routingOf(2, { active: 'blue' }), 1, { direction: 'back' }),
    ).rejects.toMatchObject({ code: 'balancer-unsettled' });
    expect(onDisk()).toContain('1:1:green');
  });
});

describe('an attached HAProxy', () => {
  test('that is reloaded by hand in the middle of a canary goes on with the same share', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'blue', canary: { slot: 'green', percent: 30 } }), 1);
    const before = await stage.balancer.observe();
    const pids = ['a', 'b'].map((name) => pidOf(nodeRecord(stage.folder, name)));
    reload();
    await until(async () => ['a', 'b'].every((name, at) => pidOf(nodeRecord(stage.folder, name)) !== pids[at]));
    await delay(1_000);
    expect(await stage.balancer.observe()).toEqual(before);
  });

  test('that is reloaded by hand at the very moment of a switch still follows it', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
    for (const [generation, active] of [
      [2, 'green'],
      [3, 'blue'],
      [4, 'green'],
    ] as const) {
      reload();
      await stage.balancer.apply(routingOf(generation, { active }), 1);
      await delay(1_500);
      expect(await sides()).toEqual([active, active]);
    }
  });

  test('retains its configuration when the new one is refused; the refused file is stored with the message', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
    const before = readFileSync(join(settings.folder, 'bluegreen.cfg'), 'utf8');
    const options: HaproxyOptions = {
      ...stage.options,
      spec: { ...stage.options.spec, requestTimeoutMs: 7_000 },
      settings: { ...settings, tls: { listen: { host: '127.0.0.1', port: 1 }, certificate: '/nowhere/site.pem' } },
    };
    await expect(createHaproxyBalancer(options).ensure()).rejects.toMatchObject({
      code: 'balancer-refused',
      message: expect.stringContaining('/nowhere/site.pem'),
    });
    expect(readFileSync(join(settings.folder, 'bluegreen.cfg'), 'utf8')).toBe(before);
    expect(readFileSync(join(settings.folder, 'bluegreen.cfg.refused'), 'utf8')).toMatch(
      /^# .*haproxy[\s\S]*timeout server 7000ms/,
    );
    expect(await sides()).toEqual(['blue', 'blue']);
  });

  test('gets a changed configuration by its own reload, and nothing else of its folder is touched', async () => {
    await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
    const changed = createHaproxyBalancer({
      ...stage.options,
      spec: { ...stage.options.spec, requestTimeoutMs: 7_000 },
    });
    await changed.ensure();
    expect(readFileSync(join(settings.folder, 'bluegreen.cfg'), 'utf8')).toContain('timeout server 7000ms');
    expect(await sides()).toEqual(['blue', 'blue']);
    expect(existsSync(join(settings.folder, 'bluegreen.cfg.refused'))).toBe(false);
    await stage.balancer.ensure();
  });
});
