// What a slot holds is given up when something else is really started there, and not before; and what is approved and
// started is what was registered.

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRow, Engine, TargetView } from '@bg/engine';
import { afterEach, expect, it, vi } from 'vitest';
import { folderMark } from '../packages/engine/src/environment/launch-mark.ts';
import { withSlotLock } from '../packages/engine/src/environment/slot-lock.ts';
import { systemClock } from '../packages/engine/src/lib/clock.ts';
import { startDriver } from './support/drivers.ts';
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
afterEach(() => stage.strike());

const target = (engine: Engine): TargetView => value(engine.target({}));
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 1000).filter((row) => row.action === action);
const quick = '        canary: []\n        bake: 1s\n';

/** v1.0 is the standby in blue, v2.0 serves users in green; no controller runs. */
async function twoSides(): Promise<void> {
  stage = await setStage({ target: quick });
  const { engine, stop } = stage.drive();
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.0');
  await stop();
}

it('a deployment for which the disk has no room leaves the standby as it was, ready at once', async () => {
  await twoSides();
  const settings = await stage.edit((text) =>
    text.replace('    targets:\n', '    limits: { disk: 900TB }\n    targets:\n'),
  );
  const { engine } = stage.drive('small', settings);
  await eventually(() => target(engine).slots[0].health === 'healthy');
  expect((await deployed(engine, 'v2.1')).outcome).toMatchObject({ kind: 'failed', code: 'resources-short' });
  expect(rows(engine, 'slot-claimed')).toHaveLength(2);
  expect(target(engine)).toMatchObject({
    slots: [{ role: 'standby', version: 'v1.0', label: undefined }, { role: 'active' }],
    rollback: { readiness: 'instant', version: 'v1.0' },
  });
});

it('a deployment that is aborted between its claim and its start gives the slot back', async () => {
  await twoSides();
  const engine = stage.open();
  const before = target(engine).slots[0];
  const place = { service: 'shop', target: 'production', slot: 'blue', port: stage.ports.blue } as const;
  const lock = { place, mark: folderMark(stage.settings.stateFolder), waitMs: 10_000, clock: systemClock };
  await withSlotLock(lock, async () => {
    const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
    const driver = startDriver(stage, 'first');
    await eventually(() => rows(engine, 'slot-claimed').length === 3);
    expect(target(engine).slots[0]).toMatchObject({ role: 'preview', version: 'v2.1' });
    await driver.kill();
    expect(engine.abort({ id }, alice, 'not today').ok).toBe(true);
    stage.drive('second');
    expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'aborted' });
  });
  expect(rows(engine, 'slot-given-back')).toHaveLength(1);
  await eventually(() => target(engine).slots[0].health === 'healthy');
  expect(target(engine)).toMatchObject({
    slots: [{ role: 'standby', version: 'v1.0', label: undefined, since: before.since }, { role: 'active' }],
    rollback: { readiness: 'instant' },
  });
});

it('files that change while an approval waits are not approved, and not started by a way back', async () => {
  stage = await setStage({ target: '        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n' });
  const { engine } = stage.drive();
  await deployed(engine, 'v1.0');
  const { id } = value(engine.deploy({ version: 'v2.0', actor: alice }));
  await until(engine, id, awaitsApproval);
  appendFileSync(join(stage.folder, 'releases/shop/v2.0/server.mjs'), '\n// changed\n');
  expect(engine.approve({ id }, bob).ok).toBe(true);
  const ended = await until(engine, id, finished);
  expect(ended.outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
  expect(target(engine).routing).toMatchObject({ active: 'blue', canary: undefined });
  expect(await engine.slots.start({ slot: 'green', version: 'v2.0', actor: alice })).toMatchObject({ ok: false });
});
