// The managed balancer is killed in the middle of a canary: it comes back with the same routing, every user on the side
// where they were, and the deployment goes on as if nothing had been.

import { readdirSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { AuditRow, Engine } from '@bg/engine';
import { afterEach, expect, it, vi } from 'vitest';
import {
  alice,
  awaitsApproval,
  bob,
  deployed,
  eventually,
  finished,
  type Stage,
  setStage,
  until,
  value,
} from './support/stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage?.strike());

interface Account {
  readonly pid: number;
  readonly routing: object;
}

/** The balancer's own account of itself. */
function account(): Promise<Account> {
  const folder = join(stage.settings.stateFolder, 'proxy');
  const socketPath = join(folder, readdirSync(folder).find((name) => name.endsWith('.sock')) ?? '');
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/routing' }, (answer) => json(answer).then((said) => resolve(said as Account), reject))
      .on('error', reject)
      .end();
  });
}

const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 1000).filter((row) => row.action === action);

/** What the balancer gave to each user. */
const keys: string[] = [];

/** Sixty users who are known by their cookies: the version that each of them gets. */
const sidesOfUsers = (): Promise<readonly string[]> =>
  Promise.all(
    Array.from({ length: 60 }, async (_, user) => {
      const answer = await fetch(`${stage.front}/api/products`, { headers: { cookie: keys[user] ?? 'none=1' } });
      const [given] = answer.headers.get('set-cookie')?.split(';') ?? [];
      if (given !== undefined) keys[user] = given;
      return ((await answer.json()) as { version: string }).version;
    }),
  );

it('is restarted by the controller with the same share and the same users on it', async () => {
  stage = await setStage({ target: '        canary: [{ percent: 33, approval: true }]\n        bake: 1s\n' });
  const { engine } = stage.drive();
  await deployed(engine, 'v1.0');
  const { id } = value(engine.deploy({ version: 'v2.0', actor: alice }));
  await until(engine, id, awaitsApproval);
  const [before, users] = [await account(), await sidesOfUsers()];
  expect(before.routing).toMatchObject({ active: 'blue', canary: { slot: 'green', percent: 33 } });
  expect(new Set(users)).toEqual(new Set(['v1.0', 'v2.0']));
  process.kill(before.pid, 'SIGKILL');
  await eventually(() => rows(engine, 'balancer-restarted').length === 1);
  const after = await account();
  expect(after.pid).not.toBe(before.pid);
  expect(after.routing).toEqual(before.routing);
  expect(await sidesOfUsers()).toEqual(users);
  expect(rows(engine, 'drift-found')).toEqual([]);
  expect(awaitsApproval(engine.deployment(id) as NonNullable<ReturnType<Engine['deployment']>>)).toBe(true);
  value(engine.approve({ id }, bob));
  expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'promoted' });
  expect(new Set(await sidesOfUsers())).toEqual(new Set(['v2.0']));
});

it('is reported as drift while it cannot be restarted, and no longer when it can', async () => {
  stage = await setStage({ target: '        canary: []\n        bake: 1s\n' });
  const { engine } = stage.drive();
  await deployed(engine, 'v1.0');
  const stranger = createServer((_request, response) => response.writeHead(404).end());
  process.kill((await account()).pid, 'SIGKILL');
  // Another program takes the port in the moment in which no process has it.
  for (let tries = 0; tries < 500 && !stranger.listening; tries += 1)
    await new Promise<void>((resolve) => {
      stranger.once('error', () => setTimeout(resolve, 5)).listen(stage.ports.front, '127.0.0.1', () => resolve());
    });
  try {
    await eventually(() => rows(engine, 'drift-found').length === 1);
    expect(value(engine.target({})).drift?.nodes).toMatchObject([{ differs: true, does: 'it does not answer' }]);
  } finally {
    await new Promise((resolve) => {
      stranger.close(resolve);
      stranger.closeAllConnections();
    });
  }
  await eventually(() => rows(engine, 'drift-resolved').length === 1);
  expect((await account()).routing).toMatchObject({ active: 'blue' });
});
