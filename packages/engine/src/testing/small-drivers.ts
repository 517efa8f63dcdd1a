// A small list of drivers, for the tests of rooms that work with any: under the names that a configuration usually has, and
// able to do everything. With it, no such test depends on a real driver, and a changed driver runs none of them again.

import { join } from 'node:path';
import type { z } from 'zod';
import type { EngineDrivers } from '../compose/engine-drivers.ts';
import * as checked from '../config/check.ts';
import * as loaded from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { localPortsOf } from '../environment/local-ports.ts';
import type { BalancerDriver } from '../load-balancer/driver.ts';
import { noMigrator } from '../migrator/none.ts';
import { createFakeBalancers, type FakeBalancer, fakeCapabilities } from './fake-balancer.ts';
import { createFakeEnvironments } from './fake-environment.ts';
import { fakeEvidence } from './fake-evidence.ts';

const summary = 'for tests';

/** No test with this list connects to a database. */
const database = (name: string, address: string) => ({ name, summary, address, create: () => noMigrator });

const balancer: BalancerDriver<z.ZodType, unknown, FakeBalancer> = {
  name: 'embedded',
  summary,
  ...fakeCapabilities,
  drain: { closes: 'one by one' },
  counts: ({ counts }) => counts,
  create: ({ spec, clock }) => createFakeBalancers({ spec, clock }).create(),
};

export const smallDrivers: EngineDrivers = {
  balancers: [balancer],
  environments: [
    {
      name: 'process',
      summary,
      accounts: { keys: ['user', 'group'] },
      quota: { limits: ['memory', 'cpu', 'pids'] },
      instances: { most: 64 },
      processRoles: { mostInstances: 64 },
      create: ({ stateFolder, clock }) =>
        createFakeEnvironments({ folder: join(stateFolder, 'slots'), clock }).create(),
      running: () => [],
      addressesOf: localPortsOf,
    },
  ],
  databases: [
    database('postgres', 'postgres://…'),
    database('mariadb', 'mariadb://…'),
    database('sqlite', 'sqlite:/absolute/file'),
  ],
  evidence: [fakeEvidence],
};

const drivers = smallDrivers;

type With<Call extends (options: never) => unknown> = Omit<Parameters<Call>[0], 'drivers'> & {
  readonly drivers?: Parameters<Call>[0]['drivers'];
};

export const checkConfig = (options: With<typeof checked.checkConfig>) => checked.checkConfig({ drivers, ...options });

export const checkConfigFile = (source: With<typeof loaded.checkConfigFile>) =>
  loaded.checkConfigFile({ drivers, ...source });

export const loadSettings = (source: With<typeof loaded.loadSettings>): Settings =>
  loaded.loadSettings({ drivers, ...source });
