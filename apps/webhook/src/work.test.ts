// Working on the inbox: killed between an effect and its settlement, and deliveries that fail, hang or take long.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { type DeliveryRecord, type Ending, type Engine, silentLog } from '@bg/engine';
import { until } from '@bg/engine/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Stage, setStage } from '../../../test/support/stage.ts';
import { startReceiver } from './testing/receiver.ts';
import { type Interpret, workOnInbox } from './work.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stage: Stage;
let engine: Engine;

beforeEach(async () => {
  stage = await setStage();
  engine = stage.open('look');
});
afterEach(() => stage.strike());

async function deliver(delivery: string, body: unknown = {}): Promise<number> {
  const taken = await engine.inbox.take({
    hook: 'generic',
    delivery,
    content: delivery,
    kind: '',
    body: Buffer.from(JSON.stringify(body)),
  });
  return taken.kind === 'full' ? 0 : taken.delivery.id;
}

const untilSeen = (id: number, holds: (delivery: DeliveryRecord | undefined) => boolean) =>
  until(() => holds(engine.inbox.show(id)), { limitMs: 60_000, what: `delivery ${id}` });
const settled = (id: number) => untilSeen(id, (delivery) => delivery?.state !== 'waiting');
const deployments = () => {
  const history = engine.history({}, 50);
  return history.ok ? history.value : [];
};

describe('a worker that is killed', () => {
  async function dieAt(point: string): Promise<void> {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'testing/dying-process.ts'), join(stage.folder, 'bluegreen.yaml'), point],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const [, signal] = await once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
    expect(signal).toBe('SIGKILL');
  }

  it.each([
    ['before', 0, 'waiting'],
    ['between', 0, 'waiting'],
    ['after', 1, 'done'],
  ])('%s asking for a deployment and settling: both are done or neither, and in the end once', async (...row) => {
    const [point, asked, state] = row;
    const id = await deliver('order', { service: 'shop', version: 'v1.0' });
    await dieAt(point);
    expect([deployments().length, engine.inbox.show(id)?.state]).toEqual([asked, state]);
    const receiver = await startReceiver(stage, [`whsec_${randomBytes(32).toString('base64')}`]);
    try {
      await settled(id);
      expect(engine.inbox.show(id)).toMatchObject({ state: 'done', answer: { status: 202 } });
      expect(deployments()).toHaveLength(1);
    } finally {
      receiver.child.kill('SIGTERM');
      await receiver.ended;
    }
  });
});

describe('what cannot be worked on', () => {
  const over = { now: new AbortController() };
  let working: Promise<void> | undefined;

  function work(interpret: Interpret): void {
    over.now = new AbortController();
    working = workOnInbox({ engine, interpret, log: silentLog }, over.now.signal);
  }
  afterEach(async () => {
    over.now.abort();
    await working;
  });

  const fine: Ending = { state: 'done', sentence: 'yes' };
  const byId = (endings: Readonly<Record<string, () => Promise<Ending>>>): Interpret => {
    return async ({ delivery }) => (await endings[delivery]?.()) ?? fine;
  };

  it('does not hold up those behind it: one that throws, one whose act throws, and six that never end', async () => {
    const fails = async (): Promise<Ending> => {
      throw new Error('the disk is full');
    };
    const actFails = async (): Promise<Ending> => () => {
      engine.recordRejection(
        { kind: 'machine', name: 'test', door: 'webhook' },
        { code: 'text-invalid', sentence: 'half', hint: '' },
      );
      throw new Error('and then it failed');
    };
    const hangs = () => new Promise<Ending>(() => undefined);
    const names = ['throws', 'act throws', 'hangs 1', 'hangs 2', 'hangs 3', 'hangs 4', 'hangs 5', 'hangs 6'];
    const poison = [];
    for (const name of names) poison.push(await deliver(name));
    const behind = await deliver('behind');
    work(
      byId({
        throws: fails,
        'act throws': actFails,
        ...Object.fromEntries(names.slice(2).map((name) => [name, hangs])),
      }),
    );
    await settled(behind);
    expect(engine.inbox.show(poison.at(-1) ?? 0)?.sentence).toContain('beside 4 others');
    expect(poison.map((id) => engine.inbox.show(id)?.state)).toEqual(names.map(() => 'waiting'));
    expect(engine.inbox.show(poison[0] ?? 0)).toMatchObject({ sentence: 'the disk is full' });
    expect(engine.inbox.show(poison[1] ?? 0)).toMatchObject({ sentence: 'and then it failed' });
    // What the act had done before it threw was rolled back with it.
    expect(engine.audit.after(0, 1000).filter(({ sentence }) => sentence.includes('half'))).toEqual([]);
  });

  it('one that takes long runs in parallel to the others, and its result is stored', async () => {
    const gate = Promise.withResolvers<Ending>();
    const slow = await deliver('slow');
    const quick = await deliver('quick');
    work(byId({ slow: () => gate.promise }));
    await settled(quick);
    expect(engine.inbox.show(slow)?.state).toBe('waiting');
    gate.resolve({ state: 'done', sentence: 'at last' });
    await settled(slow);
    expect(engine.inbox.show(slow)).toMatchObject({ state: 'done', sentence: 'at last', attempts: 0 });
  });

  it('keeps the order of arrival for everything else', async () => {
    const seen: string[] = [];
    const names = Array.from({ length: 300 }, (_, index) => `in order ${index}`);
    await Promise.all(names.map((name) => deliver(name)));
    work(async ({ delivery }) => {
      seen.push(delivery);
      return { state: 'ignored', sentence: 'no rule wants it' };
    });
    await untilSeen(engine.inbox.list({ limit: 1 })[0]?.id ?? 0, (last) => last?.state === 'ignored');
    expect(seen).toEqual(names);
  });

  it('a stop waits for nothing that hangs, and leaves it for the next worker', async () => {
    const id = await deliver('hangs');
    let begun = false;
    work(() => {
      begun = true;
      return new Promise<Ending>(() => undefined);
    });
    const end = Date.now() + 30_000;
    while (!begun && Date.now() < end) await engine.changed(50);
    over.now.abort();
    await working;
    expect(engine.inbox.show(id)).toMatchObject({ state: 'waiting', attempts: 0 });
    work(async () => fine);
    await settled(id);
  });
});
