// A load balancer, an environment and a database that nothing outside this file knows: named in the list of drivers, they
// are part of the configuration, refused what they cannot do, and deployed with.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { DeploymentView } from '../api/deployment.ts';
import type { Engine } from '../api/engine.ts';
import { configJsonSchema } from '../config/json-schema.ts';
import { choice, path } from '../config/kit/values.ts';
import type { EnvironmentDriver } from '../environment/driver.ts';
import { slotsContract } from '../environment/environment.contract.ts';
import type { Environment } from '../environment/environment.ts';
import { localPortsOf } from '../environment/local-ports.ts';
import { pause, systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { freePort } from '../lib/testing/ports.ts';
import type { BalancerDriver } from '../load-balancer/driver.ts';
import { routedContract } from '../load-balancer/load-balancer.contract.ts';
import { sqlDriver } from '../migrator/driver.ts';
import { sqlite } from '../migrator/sqlite/descriptor.ts';
import { createFakeBalancers, type FakeBalancers } from '../testing/fake-balancer.ts';
import { createFakeEnvironments } from '../testing/fake-environment.ts';
import { fakeBalancer, fakeEnvironment } from '../testing/fake-fixtures.ts';
import { checkConfig } from './configuration.ts';
import { drivers } from './drivers.ts';
import { composeEngine } from './engine.ts';
import type { EngineDrivers } from './engine-drivers.ts';

const folder = mkdtempSync(join(tmpdir(), 'bg-toys-'));
const environments = createFakeEnvironments({ folder: join(folder, 'toys'), clock: systemClock });
const made: { balancers?: FakeBalancers; levels: unknown[]; signs: unknown[] } = { levels: [], signs: [] };

const switchKeys = z.strictObject({ level: choice(['low', 'high']).describe('How loud it is.').optional() });

/** A switch: all users or none, and it counts nothing. */
const lightSwitch: BalancerDriver<typeof switchKeys, { readonly level: string }> = {
  name: 'switch',
  summary: 'a toy',
  keys: switchKeys,
  resolve: (own) => ({ level: own?.level ?? 'low' }),
  create: ({ spec, settings, clock }) => {
    made.levels.push(settings.level);
    made.balancers ??= createFakeBalancers({ spec, clock });
    return made.balancers.create();
  },
};

const withoutAdoption = ({ adoption: _, ...core }: Environment): Environment => core;

const storedReleaseKeys = z.strictObject({ sign: path().describe('What is written on it.').optional() });

const storedReleases: EnvironmentDriver<typeof storedReleaseKeys, { readonly sign: string }> = {
  name: 'shelf',
  summary: 'a toy',
  keys: storedReleaseKeys,
  check: (own, at) =>
    own && 'sign' in own ? [] : [{ severity: 'error', path: [...at, 'shelf', 'sign'], message: 'is missing' }],
  resolve: (own, inFolder) => ({ sign: inFolder(own?.sign ?? '') }),
  create: ({ settingsOf }) => {
    made.signs.push(settingsOf('shop', 'production').sign);
    return withoutAdoption(environments.create());
  },
  running: () => [],
  addressesOf: localPortsOf,
};

/** A SQLite file under another name, with its own key. */
const notebook = sqlDriver<{ readonly page?: number | undefined }>({
  name: 'notebook',
  summary: 'a toy',
  address: 'sqlite:/a/notebook',
  keys: { page: z.int().describe('Where it is open.').optional() },
  dialect: { ...sqlite.dialect, kind: 'notebook' },
  connections: (parts) => sqlite.connections(parts),
});

const withToys: EngineDrivers = {
  balancers: [...drivers.balancers, lightSwitch],
  environments: [...drivers.environments, storedReleases],
  databases: [notebook, ...drivers.databases],
  evidence: drivers.evidence,
};

const ports = { blue: 0, green: 0, front: 0 };

interface Change {
  readonly options?: string;
  readonly balancer?: string;
  readonly environment?: string;
}

const textOf = ({
  options = 'canary: []',
  balancer = 'switch: { level: high }',
  environment = '{ driver: shelf, shelf: { sign: here } }',
}: Change) => `
state: state
people: [{ id: alice }, { id: bob }]
approvers: [bob]
services:
  shop:
    releases: releases
    command: [run]
    channel: "#deploys"
    bake: 1s
    health: { interval: 1s, startup: 20s }
    smokeTests: [{ name: one, path: / }, { name: two, path: / }, { name: three, path: / }]
    database: { driver: notebook, url: "sqlite:${join(folder, 'shop.sqlite')}", page: 7 }
    ${options}
    targets:
      production:
        slots: { blue: { port: ${ports.blue} }, green: { port: ${ports.green} } }
        environment: ${environment}
        loadBalancer: { driver: switch, listen: "127.0.0.1:${ports.front}", ${balancer} }
`;

const check = (change: Change = {}) =>
  checkConfig({ file: join(folder, 'bluegreen.yaml'), text: textOf(change), environment: {}, drivers: withToys });
const problems = (change: Change) =>
  check(change).problems.map((each) => `${each.severity} ${each.path.replace('services.shop.', '')}: ${each.message}`);

beforeAll(async () => {
  [ports.blue, ports.green, ports.front] = [await freePort(), await freePort(), await freePort()];
  const files = {
    'main.txt': 'hello',
    'migrations/001_users.expand.sql': 'CREATE TABLE users (id INTEGER PRIMARY KEY);',
    'migrations/001_users.revert.sql': 'DROP TABLE users;',
  };
  for (const version of ['v1', 'v2']) {
    const release = join(folder, 'releases', version);
    mkdirSync(join(release, 'migrations'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(release, name), `${text}\n`);
  }
});
afterAll(async () => {
  await environments.machine.close();
  await made.balancers?.close();
  rmSync(folder, { recursive: true, force: true });
});

routedContract({ name: 'the switch', driver: lightSwitch }, fakeBalancer);
slotsContract({ name: 'the shelf', capabilities: [] }, () => fakeEnvironment(withoutAdoption));

describe('the configuration', () => {
  it('knows a driver that is in the list, with its own keys', () => {
    expect(problems({})).toEqual([]);
    expect(check().settings?.targets[0]).toMatchObject({
      driver: 'shelf',
      environment: { sign: join(folder, 'here') },
      balancer: { driver: 'switch', switch: { level: 'high' } },
      database: { driver: 'notebook', page: 7 },
    });
  });

  it('shows it to editors', () => {
    const schema = configJsonSchema(withToys);
    for (const text of ['"switch"', '"shelf"', '"notebook"', 'How loud it is.', 'What is written on it.'])
      expect(schema).toContain(text);
    expect(configJsonSchema(drivers)).not.toContain('How loud it is.');
  });

  it('checks its keys, by its schema and by itself', () => {
    expect(problems({ balancer: 'switch: { level: middle }' })).toEqual([
      'error targets.production.loadBalancer.switch.level: expected one of low, high, found "middle"',
    ]);
    expect(problems({ environment: '{ driver: shelf }' })).toEqual([
      'error targets.production.environment.shelf.sign: is missing',
    ]);
  });

  it('refuses what it cannot do, where it is written', () => {
    const balancer = 'sticky: { by: cookie }, preview: { token: "0123456789abcdef" }, drainSpread: 5s';
    expect(problems({ balancer, options: 'canary: [{ percent: 10, watch: 1s }]' })).toEqual([
      'error canary: switch cannot send a share of the users to one side (it has no weights); expected []',
      'error targets.production.loadBalancer.sticky: switch cannot keep a user on one side (it has no sticky)',
      'error targets.production.loadBalancer.preview: switch cannot show a side to testers before it gets users (it has no preview)',
      'warning targets.production.loadBalancer.drainSpread: is not followed: switch cannot close single connections (it has no drain)',
    ]);
    expect(problems({ options: 'instances: 2\n    canary: []' }).at(0)).toBe(
      'error targets.production.slots.blue: shelf cannot run several instances in a slot (it has no instances)',
    );
    expect(problems({ options: 'user: daemon\n    quota: { pids: 10 }\n    canary: []' })).toEqual([
      'error user: shelf cannot run a side under another account (it has no accounts)',
      'error quota: shelf cannot limit what a side takes of the machine (it has no quota)',
    ]);
  });
});

const noWeights = 'switch cannot send a share of the users to one side (it has no weights)';

describe('an engine with toys', () => {
  it('deploys with them, by a plan without what they cannot do', async () => {
    // The default canary: a warning in the configuration, and left out of the plan.
    const { settings, problems: found } = check({ options: '' });
    expect(found.map(({ message }) => message)).toContain(
      `${noWeights}: all users move at once, without the default canary and its approval; write canary: []`,
    );
    if (!settings) throw new Error('the configuration is not sound');
    const engine = composeEngine({ settings, log: silentLog, processName: 'test', drivers: withToys });
    const over = new AbortController();
    const driving = engine.drive(over.signal);
    try {
      await deploy(engine, 'v1');
      await expect(engine.plan({ version: 'v2', actor: alice })).resolves.toMatchObject({
        value: {
          routing: ['100 % v1 (blue)', '100 % v2'],
          warnings: expect.arrayContaining([
            `${noWeights}: the plan leaves the canary out, all users move at once`,
            'switch cannot count what a side answers (it has no counts): the plan watches no share, and the bake only health',
          ]),
        },
      });
      const second = await deploy(engine, 'v2');
      expect(second.steps.map(({ name }) => name)).toEqual([
        ...['expand-schema', 'start-preview', 'check-health', 'smoke-test', 'promote', 'verify-live', 'bake'],
      ]);
      expect(made.balancers?.story.at(-1)).toMatch(/^(blue|green)$/);
      expect([...new Set(made.levels)]).toEqual(['high']);
      expect(made.signs).toEqual([join(folder, 'here')]);
      expect(environments.story.filter((each) => each.startsWith('start'))).toHaveLength(2);
      await expect(engine.adopt({ slot: 'blue', version: 'v1', actor: alice })).resolves.toMatchObject({
        ok: false,
        refusal: {
          code: 'not-supported',
          sentence:
            'the environment of shop is missing a capability: shelf cannot take over what runs already (it has no adoption)',
        },
      });
    } finally {
      over.abort();
      await driving;
      engine.close();
    }
  });
});

const alice = { kind: 'person', id: 'alice', door: 'cli' } as const;

async function deploy(engine: Engine, version: string): Promise<DeploymentView> {
  const answer = engine.deploy({ version, actor: alice });
  if (!answer.ok) throw new Error(answer.refusal.sentence);
  for (let tries = 0; tries < 1_000; tries++) {
    const view = engine.deployment(answer.value.id);
    if (view?.outcome) {
      expect(`${view.outcome.kind}: ${view.outcome.sentence}`).toMatch(/^promoted: /);
      return view;
    }
    await pause(systemClock, 30);
  }
  throw new Error(`${version} is not live after a long time`);
}
