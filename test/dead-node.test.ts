// Two external HAProxies, one of which is killed and cannot come back: going back does not wait for it,
// says so, and it follows when it comes.

import { createServer, type Server } from 'node:net';
import type { AuditRow, Engine } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { afterEach, expect, it, vi } from 'vitest';
import { farmOf, killNode } from '../packages/engine/src/load-balancer/haproxy/testing.ts';
import { killAll } from './support/reboot.ts';
import {
  alice,
  awaitsApproval,
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
let stranger: Server | undefined;
let otherFront = 0;

afterEach(async () => {
  await free();
  await stage.strike();
});

/** Node `a` is where users connect, `b` has a separate address. */
async function setUp(canary: string): Promise<Engine> {
  const [b = 0, log = 0] = await freePorts(2);
  otherFront = b;
  stage = await setStage({
    target: `        canary: ${canary}\n        bake: 1s\n`,
    attached: ({ folder, front }) => {
      const { folder: own, nodes, check, reload } = farmOf(folder, front, { b, log });
      const named = nodes.map(({ name, socket, entrypoint }) => ({
        name,
        socket: 'path' in socket ? socket.path : `${socket.host}:${socket.port}`,
        entrypoint,
      }));
      return {
        driver: 'haproxy',
        haproxy: { mode: 'attached', folder: own, nodes: named, check, reload, logListen: `127.0.0.1:${log}` },
      };
    },
  });
  const { engine, stop } = stage.drive();
  const { strike } = stage;
  stage = {
    ...stage,
    // The controller first: it restarts what is killed. A reload leaves processes behind that end in their own time.
    strike: async () => {
      await stop();
      await killAll(stage.folder);
      await strike();
    },
  };
  await deployed(engine, 'v1.0');
  return engine;
}

/** Another program takes its port, so that the reload which the engine asks for cannot restart it. */
async function killForGood(): Promise<void> {
  const { folder } = stage;
  for (let tries = 0; tries < 200 && stranger === undefined; tries += 1) {
    await killNode(folder, 'b');
    stranger = await new Promise<Server | undefined>((resolve) => {
      const server = createServer((socket) => socket.destroy());
      server
        .once('error', () => setTimeout(() => resolve(undefined), 5))
        .listen(otherFront, '127.0.0.1', () => resolve(server));
    });
  }
  expect(stranger).toBeDefined();
}

async function free(): Promise<void> {
  const server = stranger;
  stranger = undefined;
  if (server) await new Promise((resolve) => server.close(resolve));
}

const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 1000).filter((row) => row.action === action);

/** What thirty users get who come to an address for the first time. */
const versionsAt = async (address: string): Promise<readonly string[]> => {
  const answers = Array.from({ length: 30 }, async (_, user) => {
    const answer = await fetch(`${address}/api/products`, { headers: { cookie: `bg_bucket=user-${user}` } });
    return ((await answer.json()) as { version: string }).version;
  });
  return [...new Set(await Promise.all(answers).catch(() => ['none']))];
};

/** Far below the limit of a step: five tries of an undo, or a proof that waits, would take longer. */
const quicklyMs = 30_000;

it('is not waited for by an abort, which names it; it follows when it comes', async () => {
  const engine = await setUp('[{ percent: 50, approval: true }]');
  const { id } = value(engine.deploy({ version: 'v2.0', actor: alice }));
  await until(engine, id, awaitsApproval);
  await killForGood();
  value(engine.abort({ id }, alice, 'a node is dead'));
  const end = await until(engine, id, finished, quicklyMs);
  expect(end.outcome).toMatchObject({ kind: 'aborted' });
  expect(await versionsAt(stage.front)).toEqual(['v1.0']);
  const back = rows(engine, 'routing-applied').find(({ sentence }) => sentence.startsWith('all users back to v1.0'));
  expect(back).toMatchObject({
    sentence: expect.stringContaining('; without b ('),
    detail: { silent: [{ node: 'b' }] },
  });
  const undone = rows(engine, 'step-undone').find(({ sentence }) => sentence.startsWith('shift-traffic'));
  expect(undone?.sentence).toMatch(/^shift-traffic: all users get v1\.0 again; without b \(.*\): tried again/);

  await free();
  const reached = () => rows(engine, 'balancer-restarted').some(({ sentence }) => /\bb\b/.test(sentence));
  await eventually(reached, 60_000);
  expect(await versionsAt(`http://127.0.0.1:${otherFront}`)).toEqual(['v1.0']);
});

it('is left out of the proof of a rollback, which names it', async () => {
  const engine = await setUp('[]');
  await deployed(engine, 'v2.0');
  await killForGood();
  const { id } = value(engine.rollback({ actor: alice }));
  const end = await until(engine, id, finished, quicklyMs);
  expect(end.outcome).toMatchObject({ kind: 'promoted' });
  expect(end.receipt).toMatchObject({ proved: true, nodes: [{ seen: 20, probes: 20 }], leftOut: [{ node: 'b' }] });
  expect(await versionsAt(stage.front)).toEqual(['v1.0']);
  const proved = rows(engine, 'step-done').findLast(({ sentence }) => sentence.startsWith('verify-live'));
  expect(proved?.sentence).toMatch(/20 probes through 1 node saw v1\.0 .*; without b \(/);
});
