// The fakes as the contracts of drivers are given them.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deafServer, type EnvironmentFixture } from '../environment/contract-fixture.ts';
import type { Environment, LaunchSettings, SlotPlace } from '../environment/environment.ts';
import { placeOn } from '../environment/instances.ts';
import { systemClock } from '../lib/clock.ts';
import { freePorts } from '../lib/testing/ports.ts';
import type { BalancerFixture } from '../load-balancer/load-balancer.contract.ts';
import type { BalancerSpec } from '../load-balancer/load-balancer.ts';
import { createFakeBalancers } from './fake-balancer.ts';
import { createFakeEnvironments } from './fake-environment.ts';

const settings: LaunchSettings = {
  command: ['node', 'server.mjs'],
  env: {},
  envFiles: [],
  requiredEnv: [],
  templates: [],
  graceMs: 1_000,
  settleMs: 0,
  minFreeDiskBytes: 1,
  minFreeMemoryBytes: 1,
  maxLogBytes: 10_000,
};

/** `change`: what a toy made of it lacks. */
export async function fakeEnvironment(
  change: (environment: Environment) => Environment = (same) => same,
): Promise<EnvironmentFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-fake-'));
  const fakes = createFakeEnvironments({ folder: join(folder, 'state'), clock: systemClock });
  const create = () => change(fakes.create());
  const [port = 0, greenPort = 0, ...others] = await freePorts(4);
  const blue: SlotPlace = { service: 'shop', target: 'production', slot: 'blue', port };
  return {
    environment: create(),
    another: create,
    blue,
    green: { ...blue, slot: 'green', port: greenPort },
    several: placeOn(blue, [port, ...others]),
    kill: (instance) => fakes.crash({ ...blue, instance }),
    folder,
    settings,
    pidOf: async ({ pid }) => pid,
    givenByPlatform: [],
    release: (version, source) => {
      fakes.machine.behave(version, { isDeaf: source === deafServer });
      const release = join(folder, 'releases', version);
      mkdirSync(release, { recursive: true });
      writeFileSync(join(release, 'server.mjs'), source ?? '');
      return { version, digest: `digest-of-${version}`, folder: release };
    },
    close: async () => {
      await fakes.machine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function fakeBalancer(spec: BalancerSpec): Promise<BalancerFixture> {
  const fakes = createFakeBalancers({ spec, clock: systemClock });
  return { balancer: fakes.create(), another: fakes.create, kill: () => fakes.kill(), dispose: fakes.close };
}
