// A contract cannot be taken back. It runs once, only what was approved, and never while something needs what it takes
// away: also when that began in the moment before, and wherever its process is killed.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigrationError } from '../../migrator/error.ts';
import type { Evidence } from '../../migrator/evidence/report.ts';
import { addContract, type ContractRow, changeContract, readContract } from '../../state/contracts.ts';
import { addDeployment, advanceDeployment } from '../../state/deployments.ts';
import { contractKey, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { shop } from '../../state/testing/state.ts';
import type { Flow } from '../../testing/flow.ts';
import { digestOf, inSlot, runSchema, served, startSchemaFlow, write } from '../../testing/schema-flow.ts';
import type { Core } from '../core.ts';
import { viewContract } from './contract-view.ts';
import { readLook } from './observe.ts';
import { maintainContract } from './run-contract.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startSchemaFlow();
  await served(flow, 'v1', 'v2', 'v3');
  await runSchema(flow, 'v3', 'backfill');
  inSlot(flow, 'blue', undefined, 'standby');
  // Longer than `rollbackFor`.
  flow.clock.advance(2 * 3_600_000);
});
afterEach(() => flow.close());

const ids = ['002_full_name'];
function asked(status: ContractRow['status'], change: Partial<ContractRow> = {}): void {
  write(flow, (tx) => {
    const row = { id: 'c_1', ...shop, version: 'v3', digest: digestOf('v3'), migrations: ids, statements: ['DROP …'] };
    const people = { requestedBy: 'person:alice', requestedAt: tx.now, needed: 1, deadlineAt: tx.now + 60_000 };
    const decidedBy = status === 'pending' ? null : 'person:bob';
    addContract(tx, { ...row, ...people, impossible: ['v1'], status, decidedBy, ...change });
  });
}

const row = () => readContract(flow.process().core.store.db, 'c_1');
const look = () => readLook(flow.process().core, flow.process().target);
const story = () => flow.migrators.database.story.filter((act) => act.startsWith('contract'));
const view = () => {
  const found = row();
  return found && viewContract(flow.people.status() && flow.process().core, found);
};

/** One check of the controller. */
async function maintained(core: Core = flow.process().core, signal = new AbortController().signal): Promise<void> {
  const { target, lease } = flow.process();
  await flow.passing(maintainContract({ core, target, lease: lease() }, signal));
}

/** Another process acts between what the controller has read and what it writes. */
function justBefore(act: () => void): Core {
  const { core } = flow.process();
  const under: Core['store']['under'] = (lease) => {
    act();
    return core.store.under(lease);
  };
  return { ...core, store: { ...core.store, under } };
}

function beginDeployment(): void {
  write(flow, (tx) =>
    addDeployment(tx, {
      ...{ id: 'd_live', ...shop, version: 'v2', mode: 'deploy', slot: 'blue', hold: false, phase: 'fetching' },
      ...{ requestedBy: 'person:alice', requestedAt: tx.now, position: 0, direction: 'forward', stateVersion: 1 },
    }),
  );
}

describe('a contract that waits for approval', () => {
  it('is left alone until its deadline, and is expired from then on, once', async () => {
    asked('pending');
    await maintained();
    expect(row()).toMatchObject({ status: 'pending', endedAt: null });
    flow.clock.advance(60_000);
    // Also before a controller has written it.
    expect(view()).toMatchObject({ status: 'expired', next: undefined });
    const before = flow.lastSeq();
    await maintained();
    await maintained();
    expect(row()).toMatchObject({ status: 'expired', problem: 'no one decided before the deadline' });
    expect(flow.actions(before)).toEqual(['contract-ended']);
  });

  it('and is approved in the last moment is not expired', async () => {
    asked('pending');
    flow.clock.advance(60_000);
    const approve = (tx: Tx) => changeContract(tx, 'c_1', { status: 'approved', decidedBy: 'person:bob' });
    await maintained(justBefore(() => write(flow, approve)));
    expect(row()).toMatchObject({ status: 'approved', endedAt: null });
  });
});

describe('an approved contract', () => {
  it('runs once, and the check of the schema is newer than the report of its end', async () => {
    asked('approved');
    const before = flow.lastSeq();
    await maintained();
    await maintained();
    expect(story()).toEqual(['contract 002_full_name']);
    expect(row()).toMatchObject({ status: 'done', problem: null });
    expect(flow.story(before)).toEqual([
      'contract-begun: contracts 002_full_name',
      'schema-changed: 002_full_name: contracts the schema',
      expect.stringMatching(/^schema-changed: 002_full_name: contract done in/),
      'contract-ended: contracted 002_full_name',
    ]);
    expect(look()).toMatchObject({ next: { contract: [] }, verdicts: { v1: { lost: ids }, v3: { lost: [] } } });
  });

  it.each<[string, prepare: () => unknown, why: RegExp]>([
    ['of other files than were approved', () => ({ digest: digestOf('v9') }), /v3 is not the release that it was/],
    ['of a release that is not known', () => ({ version: 'v9' }), /v9 is not the release that it was approved for/],
    [
      'that the standby needs',
      () => inSlot(flow, 'blue', 'v2', 'standby'),
      /v2 \(standby in blue\): 002_full_name takes away what this release was written for/,
    ],
    [
      'that breaks a statement of a release',
      () => flow.migrators.judge({ verdict: 'incompatible', findings: [breaks] }),
      /is refused: incompatible: v3 reads name/,
    ],
    [
      'of which it is unknown whether it breaks one',
      () => flow.migrators.judge({ verdict: 'unknown', scratch: 'no copy could be made' }),
      /is refused: unknown, and only adds: no copy could be made/,
    ],
    ['while a deployment runs', beginDeployment, /a deployment of v2 is under way/],
    [
      'while the restore point is made and a deployment begins',
      () => {
        flow.migrators.restorePoint('backup 7');
        flow.migrators.database.before('restore-point', beginDeployment);
      },
      /a deployment of v2 is under way/,
    ],
    [
      'whose restore point cannot be made',
      () =>
        flow.migrators.database.before('restore-point', () => {
          throw new MigrationError('failed', 'pg_dump: no space left', { hint: 'free some' });
        }),
      /is refused: pg_dump: no space left \(free some\)/,
    ],
  ])('%s is refused, and nothing is taken away', async (_, prepare, why) => {
    asked('approved', (prepare() as Partial<ContractRow> | undefined) ?? {});
    await maintained();
    expect(story()).toEqual([]);
    expect(row()).toMatchObject({ status: 'refused', problem: expect.stringMatching(/./) });
    expect(flow.story().at(-1)).toMatch(why);
    expect(flow.people.audit.after(flow.lastSeq() - 1, 1)).toMatchObject([
      { action: 'contract-ended', code: 'refused' },
    ]);
  });

  it.each<[string, act: () => void, left: ContractRow['status']]>([
    ['a deployment begins', beginDeployment, 'approved'],
    [
      'people reject it',
      () => write(flow, (tx) => changeContract(tx, 'c_1', { status: 'rejected', endedAt: tx.now })),
      'rejected',
    ],
  ])('does not begin when %s in the last moment', async (_, act, left) => {
    asked('approved');
    let isDone = false;
    const once = () => {
      if (!isDone) act();
      isDone = true;
    };
    await maintained(justBefore(once));
    expect(story()).toEqual([]);
    expect(row()?.status).toBe(left);
  });

  it('waits for the deployment that came first, and is decided on again when that has ended', async () => {
    asked('approved');
    let isBegun = false;
    await maintained(
      justBefore(() => {
        if (!isBegun) beginDeployment();
        isBegun = true;
      }),
    );
    write(flow, (tx) => advanceDeployment(tx, 'd_live', { outcome: 'failed', finishedAt: tx.now, phase: 'finished' }));
    await maintained();
    expect(row()?.status).toBe('done');
  });

  it('is preceded by its restore point, after which objections are searched for once more', async () => {
    asked('approved');
    flow.migrators.restorePoint('backup 7');
    await maintained();
    expect(flow.migrators.asked.map(({ act }) => act)).toEqual([
      { kind: 'contract', ids },
      { kind: 'contract', ids },
    ]);
    expect(flow.actions().slice(-5, -3)).toEqual(['contract-restore-point', 'contract-begun']);
    expect(row()?.status).toBe('done');
  });
});

describe('a contract that is running', () => {
  it.each([
    [
      new MigrationError('blocked', 'session 7 holds the lock', { hint: 'end it' }),
      'session 7 holds the lock (end it)',
    ],
    [new MigrationError('failed', 'a view uses the column'), 'a view uses the column'],
  ])('and fails by %s has ended, with the reason and a new check', async (thrown, problem) => {
    asked('approved');
    flow.migrators.database.before('contract', () => {
      throw thrown;
    });
    await maintained();
    expect(row()).toMatchObject({ status: 'failed', problem });
    expect(flow.story().at(-1)).toBe(`contract-ended: the contract of 002_full_name failed: ${problem}`);
    expect(look()?.migrations[1]).toMatchObject({ state: thrown.code, problem: thrown.message });
    flow.migrators.database.before('contract');
    await maintained();
    expect(story()).toEqual([]);
  });

  it('and is stopped with its controller is resumed by the next, which says so once', async () => {
    asked('approved');
    const over = new AbortController();
    flow.migrators.database.before('contract', () => over.abort());
    await maintained(undefined, over.signal);
    expect(row()).toMatchObject({ status: 'running', endedAt: null });
    flow.migrators.database.before('contract', () => {
      throw new TypeError('a fault of this program');
    });
    flow.restart();
    const before = flow.lastSeq();
    await expect(maintained()).rejects.toThrow('a fault of this program');
    flow.migrators.database.before('contract');
    await maintained();
    expect(story()).toEqual(['contract 002_full_name']);
    expect(flow.actions(before).filter((action) => action !== 'schema-changed')).toEqual([
      'contract-resumed',
      'contract-ended',
    ]);
  });

  it('is run to its end even if a release needs what it takes away by now: half of it would help no release', async () => {
    asked('running');
    inSlot(flow, 'blue', 'v2', 'standby');
    flow.migrators.judge({ verdict: 'incompatible' });
    await maintained();
    expect(row()?.status).toBe('done');
  });

  it('by a process that lost its lease ends nothing', async () => {
    asked('approved');
    const old = flow.process();
    const held = { core: old.core, target: old.target, lease: old.lease() };
    flow.migrators.database.before('contract', () => void flow.restart().lease());
    await expect(flow.passing(maintainContract(held, new AbortController().signal))).rejects.toMatchObject({
      code: 'fenced-out',
    });
    expect(row()?.status).toBe('running');
  });

  it.each(['before', 'after'] as const)(
    'reaches the same end when its process dies %s any of its writes',
    async (moment) => {
      let kills = 0;
      for (let write = 1; ; write += 1) {
        flow.migrators.database.rows.set('002_full_name', { ...contracted(), state: 'ready', files: filesBefore() });
        const before = story().length;
        asked('approved', { id: `c_${moment}_${write}` });
        flow.process().life.dieAt(write, moment);
        await maintained().catch((thrown: unknown) => expect(thrown).toMatchObject({ code: 'fenced-out' }));
        const isKilled = flow.process().life.isDead();
        flow.restart();
        await maintained();
        const ended = readContract(flow.process().core.store.db, `c_${moment}_${write}`);
        expect([write, ended?.status, story().length - before]).toEqual([write, 'done', 1]);
        if (!isKilled) break;
        kills += 1;
      }
      // It writes that it begins, each of two events, and its end.
      expect(kills).toBe(4);
    },
  );
});

const contracted = () => {
  const found = flow.migrators.database.rows.get('002_full_name');
  if (!found) throw new Error('002_full_name was never expanded');
  return found;
};
const filesBefore = () => {
  const { contract: _, ...files } = contracted().files;
  return files;
};

const breaks: Evidence = {
  layer: 'prepare',
  release: 'v3',
  file: undefined,
  object: 'users.name',
  classes: [],
  effect: 'breaks',
  sentence: 'v3 reads name',
};

describe('a view of a contract', () => {
  it.each<[ContractRow['status'], isDriven: boolean, isCutOff: boolean, next: RegExp]>([
    ['pending', true, false, /^It waits for approval until .*: `bg migrate approve c_1` or `bg migrate reject c_1`/],
    ['approved', true, false, /^The controller process 1 runs it/],
    ['running', true, false, /^The controller process 1 runs it/],
    ['approved', false, true, /^It is approved and not begun, and no controller is alive: `bg migrate approve c_1`/],
    ['running', false, true, /^It was begun and cut off, and no controller is alive/],
  ])('that is %s says what is to be done (a controller is alive: %s)', (status, isDriven, isCutOff, next) => {
    asked(status);
    if (isDriven) flow.process().lease();
    expect(view()).toMatchObject({ status, isCutOff, next: expect.stringMatching(next) });
  });

  it('says what is lost by it, and the verdict that people saw', () => {
    asked('pending', { reason: 'it is old' });
    write(flow, (tx) => putSnapshot(tx.db, contractKey('c_1'), { headline: 'compatible: v3 can work on it' }, tx.now));
    expect(view()).toMatchObject({
      consequence: 'after this, rollback to v1 is impossible',
      verdict: 'compatible: v3 can work on it',
      given: [],
      reason: 'it is old',
      problem: undefined,
    });
  });
});
