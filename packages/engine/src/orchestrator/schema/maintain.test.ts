// What the controller does to a schema outside deployments: it fills rows behind the release that is live, only while
// nothing else changes the schema, and the next controller goes on where this one was cut off.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigrationError } from '../../migrator/error.ts';
import { addContract, changeContract } from '../../state/contracts.ts';
import { addDeployment, advanceDeployment } from '../../state/deployments.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, type Flow } from '../../testing/flow.ts';
import { digestOf, inSlot, served, startSchemaFlow, write } from '../../testing/schema-flow.ts';
import { maintainSchemas } from './maintain.ts';
import { readLook } from './observe.ts';
import { schemaView } from './schema-view.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startSchemaFlow();
  await served(flow, 'v1', 'v2');
});
afterEach(() => flow.close());

const wholeFill = [10, 20, 30].map((row) => `fill 002_full_name to ${row}`);
const filled = () => flow.migrators.database.story.filter((act) => act.startsWith('fill'));
const maintain = (isSo: () => boolean) => {
  const { core, lease } = flow.process();
  return flow.during((stop) => maintainSchemas(core, lease(), stop), isSo);
};
const forMs = (ms: number) => {
  const until = flow.clock.monotonic() + ms;
  return () => flow.clock.monotonic() >= until;
};
const toFill = () => readLook(flow.process().core, flow.process().target)?.next.backfill;
const allFilled = () => filled().length > 0 && toFill()?.length === 0;
const view = () => schemaView(flow.process().core, flow.process().target);
const rowOf = (action: string) => flow.story().filter((row) => row.startsWith(`${action}:`));

describe('the rows behind a live release', () => {
  it('are filled once, which is reported on the deployment that made it live', async () => {
    const before = flow.lastSeq();
    await maintain(allFilled);
    expect(filled()).toEqual(wholeFill);
    expect(flow.story(before)).toEqual([
      'backfill-begun: 002_full_name: fills rows',
      expect.stringMatching(/^backfill-done: 002_full_name: backfill done in \d+ ms$/),
    ]);
    expect(flow.people.audit.after(before, 10).map(({ deploymentId }) => deploymentId)).toEqual(['d_v2', 'd_v2']);
    await maintain(forMs(10_000));
    expect(filled()).toEqual(wholeFill);
    expect(view()).toMatchObject({ toFill: [], filling: undefined, problems: [] });
  });

  it('show how far they are while they are filled, not once that has ended', async () => {
    flow.migrators.database.rowsTotal = 1_000;
    const seen: unknown[] = [];
    await maintain(() => seen.push(view()?.filling) > 0 && filled().length === 40);
    expect(seen[0]).toBeUndefined();
    expect(seen.at(-1)).toMatchObject({ id: '002_full_name', rowsTotal: 1_000, rowsDone: expect.any(Number) });
    expect(view()?.filling).toBeUndefined();
  });

  it('show no progress of a process that ended long ago', async () => {
    flow.migrators.database.rowsTotal = 1_000;
    await maintain(() => {
      if (view()?.filling) flow.process().life.kill();
      return flow.process().life.isDead();
    }).catch((thrown: unknown) => expect(thrown).toMatchObject({ code: 'fenced-out' }));
    flow.restart();
    expect(view()?.filling).toBeDefined();
    flow.clock.advance(31_000);
    expect(view()?.filling).toBeUndefined();
  });

  it.each<[string, begin: () => unknown, end: () => unknown]>([
    [
      'a deployment runs',
      () =>
        write(flow, (tx) =>
          addDeployment(tx, {
            id: 'd_live',
            ...shop,
            ...{ version: 'v3', mode: 'deploy', slot: 'blue', hold: false, phase: 'watch', stateVersion: 1 },
            ...{ requestedBy: 'person:alice', requestedAt: tx.now, position: 1, direction: 'forward' },
          }),
        ),
      () =>
        write(flow, (tx) =>
          advanceDeployment(tx, 'd_live', { outcome: 'failed', finishedAt: tx.now, phase: 'finished' }),
        ),
    ],
    [
      'a contract waits',
      () =>
        write(flow, (tx) =>
          addContract(tx, {
            id: 'c_1',
            ...shop,
            ...{ version: 'v2', digest: digestOf('v2'), migrations: [], statements: [], impossible: [] },
            ...{
              requestedBy: 'person:alice',
              requestedAt: tx.now,
              needed: 1,
              deadlineAt: tx.now + 1e9,
              status: 'pending',
            },
          }),
        ),
      () => write(flow, (tx) => changeContract(tx, 'c_1', { status: 'rejected', endedAt: tx.now })),
    ],
    [
      'a person holds it',
      () => flow.people.migrations.pause({ actor: alice }),
      () => flow.people.migrations.resume({ actor: alice }),
    ],
    [
      'a migration waits for a person',
      () => flow.migrators.database.mark('001_users', { state: 'failed', during: 'expanding', problem: 'disk full' }),
      () => flow.migrators.database.mark('001_users', { state: 'done', during: undefined, problem: undefined }),
    ],
    [
      'the database cannot be asked',
      () =>
        flow.migrators.database.before('status', () => {
          throw new MigrationError('unreachable', 'the server does not answer');
        }),
      () => flow.migrators.database.before('status'),
    ],
  ])('are not filled while %s, and then they are', async (_, begin, end) => {
    await begin();
    await maintain(forMs(65_000));
    expect(filled()).toEqual([]);
    await end();
    await maintain(allFilled);
    expect(filled()).toEqual(wholeFill);
  });

  it('are not filled for a release that is not live any more', async () => {
    await maintain(() => toFill()?.length === 1);
    inSlot(flow, 'green', 'v2', 'standby');
    inSlot(flow, 'blue', 'v1', 'active');
    const before = filled().length;
    await maintain(forMs(5_000));
    expect(filled()).toHaveLength(before);
    expect(readLook(flow.process().core, flow.process().target)?.version).toBe('v1');
  });
});

describe('a backfill that ends early', () => {
  it('stops after the batch under way when a person holds it, and goes on from there without a wait', async () => {
    flow.migrators.database.before('batch', () => {
      if (filled().length === 1 && !view()?.held) flow.people.migrations.pause({ actor: alice, reason: 'peak hour' });
    });
    await maintain(forMs(10_000));
    expect(filled()).toEqual(wholeFill.slice(0, 2));
    expect(view()?.held).toMatchObject({ by: 'person:alice', reason: 'peak hour' });
    flow.people.migrations.resume({ actor: alice });
    const began = flow.clock.monotonic();
    await maintain(allFilled);
    expect(filled()).toEqual(wholeFill);
    expect(flow.clock.monotonic() - began).toBeLessThan(25_000);
    expect(rowOf('backfill-failed')).toEqual([]);
  });

  it.each<[MigrationError, code: string]>([
    [new MigrationError('unreachable', 'the server does not answer'), 'schema-unreachable'],
    [new MigrationError('blocked', 'session 7 holds the lock', { hint: 'end it' }), 'schema-blocked'],
  ])('because of %s is reported with its hint, and tried again ever later', async (thrown, code) => {
    const tries: number[] = [];
    flow.migrators.database.before('batch', () => {
      tries.push(Math.round(flow.clock.monotonic() / 1_000));
      if (tries.length < 4) throw thrown;
    });
    await maintain(allFilled);
    expect(tries.slice(1, 4).map((at, index) => at - (tries[index] ?? 0))).toEqual([30, 60, 120]);
    expect(rowOf('backfill-failed')).toEqual(
      Array.from({ length: 3 }, () => `backfill-failed: ${thrown.message}${thrown.hint ? ` (${thrown.hint})` : ''}`),
    );
    expect(flow.people.audit.after(0, 1_000).find(({ action }) => action === 'backfill-failed')).toMatchObject({
      code,
    });
    expect(filled()).toEqual(wholeFill);
  });

  it('because a statement failed waits for a person, who sees which', async () => {
    flow.migrators.database.before('batch', () => {
      throw new MigrationError('failed', 'a value is too long');
    });
    await maintain(forMs(120_000));
    expect(rowOf('backfill-failed')).toEqual(['backfill-failed: a value is too long']);
    expect(view()?.problems).toEqual(['002_full_name is failed: a value is too long']);
  });

  it('by a fault of this program is tried again, and not reported as one of the database', async () => {
    let faults = 0;
    flow.migrators.database.before('batch', () => {
      faults += 1;
      if (faults === 1) throw new TypeError('cannot read properties of undefined');
    });
    await maintain(allFilled);
    expect(filled()).toEqual(wholeFill);
    expect(rowOf('backfill-failed')).toEqual([]);
  });

  it('is not repeated at once when its result cannot be checked', async () => {
    await maintain(() => toFill()?.length === 1);
    let looks = 0;
    flow.migrators.database.before('status', () => {
      looks += 1;
      // A controller that asks without a pause leaves the test no time to end it.
      if (looks > 50) flow.process().life.kill();
      throw new MigrationError('unreachable', 'the catalog cannot be read');
    });
    await maintain(forMs(100_000));
    expect(filled()).toEqual(wholeFill);
    expect(looks).toBeLessThan(10);
    flow.migrators.database.before('status');
    await maintain(() => toFill()?.length === 0);
    expect(filled()).toEqual(wholeFill);
  });

  it('with its process is finished by the next from the last batch, and the dead one writes nothing', async () => {
    const { life } = flow.process();
    flow.migrators.database.before('batch', () => {
      if (filled().length === 1) life.kill();
      life.alive();
    });
    await maintain(() => life.isDead()).catch((thrown: unknown) =>
      expect(thrown).toMatchObject({ code: 'fenced-out' }),
    );
    expect(filled()).toEqual(wholeFill.slice(0, 1));
    flow.migrators.database.before('batch');
    const before = flow.lastSeq();
    flow.restart();
    await maintain(allFilled);
    expect(filled()).toEqual(wholeFill);
    expect(flow.actions(before)).toEqual(['backfill-begun', 'backfill-done']);
  });

  it('ends all of it for a process that lost its lease', async () => {
    const old = flow.process();
    const lease = old.lease();
    flow.migrators.database.before('batch', () => void flow.restart().lease());
    const lost = flow.during(
      (stop) => maintainSchemas(old.core, lease, stop),
      () => false,
    );
    await expect(lost).rejects.toMatchObject({ code: 'fenced-out' });
  });
});

describe('a check of the schema', () => {
  it('is made again each minute, keeps what it knew while it fails, and says why', async () => {
    await maintain(allFilled);
    let looks = 0;
    flow.migrators.database.before('status', () => {
      looks += 1;
      throw new MigrationError('unreachable', 'the server does not answer');
    });
    await maintain(forMs(185_000));
    // One at the start, then one a minute.
    expect(looks).toBe(4);
    expect(view()).toMatchObject({
      version: 'v2',
      problems: ['the server does not answer'],
      migrations: [{ id: '001_users' }, { id: '002_full_name', state: 'done', rowsDone: 30 }],
    });
    flow.migrators.database.before('status');
    await maintain(() => view()?.problems.length === 0);
  });

  it('names what was edited and what was changed by hand', async () => {
    await maintain(allFilled);
    flow.layRelease('v2', { 'migrations/001_users.expand.sql': 'CREATE TABLE users (id BIGINT, name TEXT);' });
    flow.migrators.database.catalogNow = { 'column users.age': 'int' };
    await maintain(forMs(61_000));
    expect(view()?.problems).toEqual([
      '001_users.expand.sql was edited after it ran',
      'changed by hand: column users.age was added',
    ]);
  });
});
