// Fifty clicks at one moment from five processes, duplicates among them: the first decides, each other one is refused and
// written down, and everything agrees on one end.

import type { AuditRow, Engine } from '@bg/engine';
import { afterEach, describe, expect, it } from 'vitest';
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
} from '../support/stage.ts';
import { type Answered, type Click, clickAtOnce } from './clicks.ts';
import { type Controller, startController } from './controllers.ts';

let stage: Stage | undefined;
const controllers: Controller[] = [];
afterEach(async () => {
  await Promise.all(controllers.splice(0).map((controller) => controller.kill()));
  await stage?.strike();
});

const target = '        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n';
const processes = 5;
const rows = ({ audit }: Engine, after: number): readonly AuditRow[] => audit.after(after, 10_000);
const newest = (engine: Engine): number => rows(engine, 0).at(-1)?.seq ?? 0;
const drive = (on: Stage, name: string): Controller => {
  const controller = startController(on, name);
  controllers.push(controller);
  return controller;
};
const repeated = (clicks: readonly Click[], count: number): readonly Click[] =>
  Array.from({ length: count }, (_, at) => clicks[at % clicks.length]!);
const accepted = (answers: readonly Answered[]): readonly Answered[] => answers.filter(({ code }) => code === 'ok');

/** v1.0 is live, v2.1 waits for an approval, and no controller runs. */
async function waiting(): Promise<{ readonly engine: Engine; readonly id: string; readonly on: Stage }> {
  const on = await setStage({ target });
  stage = on;
  const engine = on.open('observer');
  const controller = drive(on, 'first');
  await deployed(engine, 'v1.0');
  const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
  await until(engine, id, awaitsApproval);
  await controller.kill('SIGTERM');
  return { engine, id, on };
}

describe('fifty clicks at once', { timeout: 300_000 }, () => {
  it('on a card that asks for an approval: one decides, and all agree on it', async () => {
    const { engine, id, on } = await waiting();
    const ref = { id, stateVersion: engine.deployment(id)?.stateVersion };
    const clicks = repeated(
      (['approve', 'reject', 'abort', 'promote'] as const).map((verb) => ({ verb, person: 'bob', ref })),
      50,
    );
    const seq = newest(engine);
    const answers = await clickAtOnce(on, clicks, processes);
    expect(answers).toHaveLength(50);
    expect(accepted(answers), JSON.stringify(answers)).toHaveLength(1);
    const story = rows(engine, seq);
    expect(story.filter(({ action }) => action === 'refused')).toHaveLength(49);
    const decisions = story.filter(({ action }) => /^(approved|rejected|abort-asked)$/.test(action));
    expect(decisions).toHaveLength(1);
    drive(on, 'second');
    const { outcome } = await until(engine, id, finished);
    expect(outcome?.kind).toBe(decisions[0]?.action === 'approved' ? 'promoted' : 'aborted');
    const ends = rows(engine, seq).filter(({ action }) => action === 'deployment-finished');
    expect(ends).toMatchObject([{ deploymentId: id, detail: { outcome: outcome?.kind } }]);
    expect(engine.audit.verify()).toMatchObject({ intact: true });
    // After the end, each click is late, and written down.
    const before = newest(engine);
    const late = await clickAtOnce(on, clicks, processes);
    expect(accepted(late)).toEqual([]);
    expect(rows(engine, before).filter(({ action }) => action === 'refused')).toHaveLength(50);
  });

  it('on rollback: users go back once', async () => {
    const on = await setStage({ target: '        canary: []\n        bake: 1s\n' });
    stage = on;
    const engine = on.open('observer');
    drive(on, 'first');
    await deployed(engine, 'v1.0');
    await deployed(engine, 'v2.1');
    const seq = newest(engine);
    const click = { verb: 'rollback', ref: { id: '' } } as const;
    const clicks = repeated(
      ['alice', 'bob'].map((person) => ({ ...click, person })),
      50,
    );
    const answers = await clickAtOnce(on, clicks, processes);
    await eventually(() => engine.status().targets[0]?.live === undefined);
    const requested = rows(engine, seq).filter(({ action }) => action === 'deployment-requested');
    expect(requested, JSON.stringify(answers)).toHaveLength(1);
    expect(accepted(answers)).toHaveLength(1);
    expect(rows(engine, seq).filter(({ action }) => action === 'refused')).toHaveLength(49);
    expect(await (await fetch(`${on.front}/health`)).json()).toMatchObject({ version: 'v1.0' });
  });
});

describe('controllers that start at once', { timeout: 180_000 }, () => {
  it('on a folder without a state: one of them drives, and the others wait', async () => {
    const on = await setStage({ target: '        canary: []\n        bake: 1s\n' });
    stage = on;
    const all = Array.from({ length: 4 }, (_, at) => drive(on, `starting-${at + 1}`));
    const holders = () => all.filter(({ lines }) => lines.some((line) => line.includes('holds the lease')));
    await eventually(() => holders().length > 0);
    const engine = on.open('observer');
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
    expect(holders()).toHaveLength(1);
    expect(all.map((each) => each.ended())).toEqual(all.map(() => undefined));
    const once = rows(engine, 0).filter(({ action }) => /^(planned|slot-claimed|deployment-finished)$/.test(action));
    expect(once).toHaveLength(3);
  });
});
