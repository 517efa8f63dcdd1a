// The old side is stopped when its open requests have ended, or when its drain limit has passed; until then people see
// how much is open.

import type { AuditRow, Engine, TargetView } from '@bg/engine';
import { afterEach, expect, it, vi } from 'vitest';
import { deployed, eventually, type Stage, setStage, value } from './support/stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage?.strike());

const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 1000).filter((row) => row.action === action);
const blue = (engine: Engine): TargetView['slots'][0] => value(engine.target({})).slots[0];

async function setUp(limit: string): Promise<Engine> {
  const target = `        canary: []\n        bake: 1s\n        afterBake: stop\n        drain: { limit: ${limit} }\n`;
  stage = await setStage({ target });
  const { engine } = stage.drive();
  await deployed(engine, 'v1.0');
  return engine;
}

/** An event stream on the side that is active now. */
async function openStream(): Promise<{ read(): Promise<boolean>; leave(): void }> {
  const over = new AbortController();
  const answer = await fetch(`${stage.front}/events`, { signal: over.signal });
  const reader = answer.body?.getReader();
  const read = async (): Promise<boolean> => reader?.read().then(({ done }) => !done) ?? false;
  await read();
  return { read, leave: () => over.abort() };
}

it('waits for a stream of the old side, shows it, and stops the side when it has ended', async () => {
  const engine = await setUp('60s');
  const stream = await openStream();
  await deployed(engine, 'v2.0');
  await eventually(() => rows(engine, 'draining').length === 1);
  expect(rows(engine, 'draining')[0]).toMatchObject({ detail: { slot: 'blue', open: 1 } });
  expect(blue(engine)).toMatchObject({ role: 'standby', open: 1 });
  expect(value(engine.target({})).last?.kept).toMatchObject({ slot: 'blue', open: 1 });
  expect(await stream.read()).toBe(true);
  expect(rows(engine, 'side-stopped')).toEqual([]);
  stream.leave();
  await eventually(() => rows(engine, 'side-stopped').length === 1);
  expect(rows(engine, 'drain-limit')).toEqual([]);
  expect(blue(engine).role).toBe('idle');
});

it('does not wait longer than the limit, and says what was still open', async () => {
  const engine = await setUp('2s');
  const stream = await openStream();
  await deployed(engine, 'v2.0');
  await eventually(() => rows(engine, 'side-stopped').length === 1);
  const [limit] = rows(engine, 'drain-limit');
  expect(limit?.sentence).toBe('1 still open in blue when its drain limit passed');
  expect((limit?.at ?? 0) - (rows(engine, 'draining')[0]?.at ?? 0)).toBeGreaterThanOrEqual(2000);
  stream.leave();
});
