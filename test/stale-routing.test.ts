// An approval is for the configuration that is generated for the balancer's program, too: here that of nginx and of HAProxy.

import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../packages/engine/src/lib/clock.ts';
import { silentLog } from '../packages/engine/src/lib/log.ts';
import { haproxy } from '../packages/engine/src/load-balancer/haproxy/descriptor.ts';
import type { BalancerCore, BalancerSpec } from '../packages/engine/src/load-balancer/load-balancer.ts';
import { nginx } from '../packages/engine/src/load-balancer/nginx/descriptor.ts';
import { alice, bob, type Flow, specOf, startFlow } from '../packages/engine/src/testing/flow.ts';

let flow: Flow;
const made: BalancerCore[] = [];
afterEach(async () => {
  for (const balancer of made.splice(0)) await balancer.shutdown();
  await flow.close();
});

const spec = specOf([31_001], [31_002], 31_000);
const inFolder = (path: string): string => path;

/** Nothing is started by it: only the text is wanted. */
function generated(driver: 'nginx' | 'haproxy', of: BalancerSpec) {
  const parts = {
    spec: of,
    stateFolder: flow.settings.stateFolder,
    accessLog: false,
    clock: systemClock,
    log: silentLog,
  };
  const balancer: BalancerCore =
    driver === 'nginx'
      ? nginx.create({ ...parts, settings: settingsOf(nginx.resolve?.(undefined, inFolder)) })
      : haproxy.create({ ...parts, settings: settingsOf(haproxy.resolve?.(undefined, inFolder)) });
  made.push(balancer);
  return () => balancer.configuration?.() ?? [];
}

function settingsOf<Settings>(settings: Settings | undefined): Settings {
  if (settings === undefined) throw new Error('the driver resolves its settings');
  return settings;
}

async function waiting(driver: 'nginx' | 'haproxy'): Promise<string> {
  flow = await startFlow({
    options: `
    canary: [{ percent: 10, approval: true }]
    approval: { breakGlass: [alice] }
    bake: 1s`,
  });
  await flow.live('v1');
  flow.balancers.busy('blue', { requests: 1_000 });
  flow.balancers.busy('green', { requests: 1_000 });
  const files = generated(driver, spec);
  expect(
    files()
      .map(({ text }) => text)
      .join(''),
  ).toContain('31002');
  flow.balancers.generates(files);
  const id = flow.ask('v2');
  await flow.until(id, () => flow.people.deployment(id)?.approval?.status === 'pending');
  return id;
}

const namesOf = (id: string) => flow.view(id).actions.map(({ name }) => name);

describe.each(['nginx', 'haproxy'] as const)('with the configuration of %s', (driver) => {
  it('an approval counts while it is the same, also as another process generates it', async () => {
    const id = await waiting(driver);
    flow.balancers.generates(generated(driver, spec));
    expect(flow.view(id).approval).toMatchObject({ status: 'pending', stale: false });
    expect(flow.people.approve({ id }, bob)).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });

  it('an approval is stale once it differs, and every click on it does nothing, until it is the same again', async () => {
    const id = await waiting(driver);
    flow.balancers.generates(generated(driver, { ...spec, requestTimeoutMs: 7_000 }));
    const { approval } = flow.view(id);
    expect(approval).toMatchObject({
      stale: true,
      staleBecause: expect.stringContaining('generated for the load balancer'),
    });
    expect(namesOf(id)).toEqual(expect.arrayContaining(['reject', 'abort']));
    expect(namesOf(id)).not.toContain('approve');
    const before = flow.row(id);
    const stale = { ok: false, refusal: { code: 'stale-plan', sentence: approval?.staleBecause } };
    expect(flow.people.approve({ id }, bob)).toMatchObject(stale);
    expect(flow.people.promote({ id }, bob)).toMatchObject(stale);
    expect(flow.people.approve({ id }, alice, { breakGlass: 'payments are down' })).toMatchObject(stale);
    expect([flow.row(id), flow.view(id).approval?.given]).toEqual([before, []]);
    expect(flow.actions().filter((action) => action === 'refused')).toHaveLength(3);
    flow.balancers.generates(generated(driver, spec));
    expect(flow.people.approve({ id }, bob)).toMatchObject({ ok: true });
  });

  it('a renewed token of the preview is no change of it', async () => {
    const id = await waiting(driver);
    const preview = spec.preview && { ...spec.preview, token: 'another-token-of-the-preview' };
    flow.balancers.generates(generated(driver, { ...spec, preview }));
    expect(flow.view(id).approval).toMatchObject({ stale: false });
    expect(flow.people.approve({ id }, bob)).toMatchObject({ ok: true });
  });
});
