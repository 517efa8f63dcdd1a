// A worker that dies while it takes a build: the next worker finds all of it done, or nothing.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { actionsReported, buildBody, deliver, deployToProduction, setCi } from './testing/ci.ts';
import { bodyOf } from './testing/payloads.ts';

vi.setConfig({ testTimeout: 120_000 });

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const set = (): TestEngine => {
  testEngine = setCi(deployToProduction);
  testEngine.serving();
  return testEngine;
};

const worker = join(import.meta.dirname, 'testing/dying-worker.ts');

async function work(point: string): Promise<string | null> {
  const child = spawn(process.execPath, [worker, testEngine.settings.file, point], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? String(code);
}

const reported = ['build-announced', 'deployment-requested'];

describe('a worker killed', () => {
  it.each([
    ['before what it did was committed', 'within', []],
    ['after its commit', 'after', reported],
    ['after the act, when its settlement is a commit of its own', 'unsettled', reported],
  ])('%s: the next one announces and deploys once', async (_when, point, left) => {
    const { engine } = set();
    await engine.inbox.take({
      hook: 'generic',
      delivery: 'd',
      content: 'c',
      kind: '',
      body: bodyOf(buildBody('v2.1', 1)),
    });
    expect(await work(point)).toBe('SIGKILL');
    expect(actionsReported(engine)).toEqual(left);
    expect(await work('never')).toBe('0');
    expect(actionsReported(engine)).toEqual(reported);
    expect(engine.builds.latest('shop', 10)).toHaveLength(1);
    expect(engine.inbox.list({ limit: 10 })).toMatchObject([{ state: 'done' }]);
    expect(engine.audit.verify().intact).toBe(true);
  });
});

describe('a fault at any of its writes', () => {
  it.each(['builds', 'audit', 'deployments'])(
    '(to %s) leaves nothing behind, and the delivery can be worked on again',
    async (table) => {
      const { engine, store } = set();
      const sqlite = store.db.$client;
      const only = table === 'audit' ? "WHEN NEW.action = 'deployment-requested'" : '';
      sqlite.exec(
        `CREATE TRIGGER broken BEFORE INSERT ON ${table} ${only} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
      );
      await expect(deliver(engine, buildBody('v2.1', 1))).rejects.toThrow('the disk is full');
      sqlite.exec('DROP TRIGGER broken');
      expect([actionsReported(engine), engine.builds.latest('shop', 10)]).toEqual([[], []]);
      await deliver(engine, buildBody('v2.1', 1));
      expect(actionsReported(engine)).toEqual(reported);
    },
  );
});
