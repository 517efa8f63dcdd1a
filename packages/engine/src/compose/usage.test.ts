import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Environment } from '../environment/environment.ts';
import { localPorts } from '../environment/local-ports.ts';
import type { InstanceUse } from '../environment/usage.ts';
import { intendRouting, setSlot } from '../state/targets.ts';
import { setState, shop, type TestState } from '../state/testing/state.ts';
import { usageOf } from './usage.ts';

let state: TestState;
beforeEach(() => {
  state = setState();
});
afterEach(() => state.remove());

const use = (instance: number, more: Partial<InstanceUse> = {}): InstanceUse => ({
  ...{ instance, startedAt: 5, cpuMs: 100, memoryBytes: 1_000, openFiles: 10, threads: 3, ...more },
});

function usage(uses: readonly InstanceUse[] | undefined, ports: readonly number[] = [1, 2]) {
  const environment = {
    addresses: localPorts(() => undefined),
    ...(uses === undefined ? {} : { usage: async () => uses }),
  } as Partial<Environment> as Environment;
  const slot = { port: ports[0] ?? 0, ports };
  const slots = { blue: slot, green: slot } as never;
  return usageOf({ db: state.db, environment, settings: { ...shop, slots, driver: 'docker' } })('green');
}

it('sums what all instances of a side use, with its share and restarts', async () => {
  state.store.write((tx) => {
    intendRouting(tx, shop, { active: 'blue', canary: { slot: 'green', percent: 30 }, preview: undefined });
    setSlot(tx, shop, 'green', { restarts: 2 });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
  });
  expect(await usage([use(1), use(2, { startedAt: 9 })])).toEqual({
    ...{ mark: '1:5 2:9', percent: 30, restarts: 2 },
    ...{ cpuMs: 200, memoryBytes: 2_000, openFiles: 20, threads: 6 },
  });
});

it('has no sum where a part of it cannot be read', async () => {
  expect(await usage([use(1), use(2, { openFiles: undefined })])).toMatchObject({ openFiles: undefined, threads: 6 });
  await expect(usage([use(1)])).rejects.toThrow('1 of 2 instances run in green');
  await expect(usage([], [1])).rejects.toThrow('nothing runs in green');
  await expect(usage(undefined)).rejects.toThrow('the driver docker does not measure what a side uses');
});
