// A contract takes away what no migration restores: what it takes to ask for one, and to decide about it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import { MigrationError } from '../../migrator/error.ts';
import { readContract } from '../../state/contracts.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { maintainContract } from '../schema/run-contract.ts';
import { refusalOf } from './testing/refusals.ts';
import { createScriptedMigrator, type ScriptedMigrator } from './testing/scripted-migrator.ts';

const carol: Actor = { kind: 'person', id: 'carol', door: 'cli' };
const dave: Actor = { kind: 'person', id: 'dave', door: 'cli' };
const ci: Actor = { kind: 'machine', name: 'ci', door: 'webhook' };
const ready = [{ id: '001_cents', text: 'ALTER TABLE orders DROP COLUMN price;' }];

let flow: Flow;
let migrator: ScriptedMigrator;
beforeEach(async () => {
  migrator = createScriptedMigrator();
  migrator.plans({ contract: { ready, waiting: [] } });
});
afterEach(() => flow.close());

async function serving(target = '', versions: readonly string[] = ['v1', 'v2']): Promise<void> {
  flow = await startFlow({ migrator, target });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  for (const version of versions) await flow.live(version);
}

const schema = () => flow.people.migrations;
const ask = (actor: Actor = alice, reason?: string) => schema().contract({ actor, reason });
const refused = (act: Parameters<typeof refusalOf>[1], code: string) =>
  refusalOf({ store: flow.process().core.store, audit: flow.people.audit }, act, code);

async function asked(target = ''): Promise<string> {
  await serving(target);
  const answer = await ask();
  if (!answer.ok) throw new Error(answer.refusal.sentence);
  return answer.value.id;
}

/** The controller looks at it once, as it does every few seconds. */
async function controllerLooks(): Promise<void> {
  const { core, target, lease } = flow.process();
  await flow.passing(maintainContract({ core, target, lease: lease() }, new AbortController().signal));
}

describe('who asks for a contract', () => {
  it('gets the SQL, what it makes impossible, the verdict and its deadline; nothing of the schema changes', async () => {
    migrator.needs('v1', ['001_cents']);
    await serving('', ['v1', 'v2', 'v3']);
    const began = flow.lastSeq();
    const answer = await ask(alice, '  the old column is empty  ');
    expect(answer).toMatchObject({
      ok: true,
      value: {
        version: 'v3',
        migrations: ['001_cents'],
        statements: [ready[0]?.text],
        impossible: ['v1'],
        consequence: 'after this, rollback to v1 is impossible',
        reason: 'the old column is empty',
        status: 'pending',
        requestedBy: 'person:alice',
        deadlineAt: flow.clock.now() + flow.process().target.settings.approval.deadlineMs,
      },
    });
    expect(answer.ok && answer.value.verdict).toMatch(/^compatible/);
    expect(flow.actions(began)).toEqual(['contract-asked']);
    expect(flow.story(began).join()).toContain('rollback to v1 is impossible');
    expect(migrator.story).toEqual([]);
  });

  it.each<[why: string, given: () => void, code: string, says: string]>([
    ['a release in the standby needs it', () => migrator.needs('v1', ['001_cents']), 'schema-needed', 'v1 still needs'],
    ['the live release itself needs it', () => migrator.needs('v2', ['001_cents']), 'schema-needed', 'v2 (active)'],
    ['the verdict is unknown', () => migrator.judges('unknown'), 'schema-needed', 'unknown'],
    ['the verdict is no', () => migrator.judges('incompatible'), 'schema-needed', 'incompatible'],
    [
      'nothing is ready',
      () => migrator.plans({ contract: { ready: [], waiting: [{ id: '001_cents', why: '7 rows are to be filled' }] } }),
      'nothing-to-contract',
      '001_cents: 7 rows are to be filled',
    ],
    [
      'its files have problems',
      () => migrator.plans({ problems: ['001_cents.sql:1: drops a table'] }),
      'schema-incompatible',
      '001_cents.sql:1',
    ],
    [
      'the database cannot be asked',
      () => migrator.refuses(new MigrationError('unreachable', 'connection refused')),
      'schema-incompatible',
      'connection refused',
    ],
    [
      'the target is locked',
      () => void flow.people.lock({ actor: bob, reason: 'stock-taking' }),
      'target-locked',
      'stock-taking',
    ],
    ['a deployment is under way', () => void flow.ask('v3'), 'target-busy', 'v3'],
  ])('is refused while %s', async (_, given, code, says) => {
    await serving();
    given();
    expect((await refused(() => ask(), code)).sentence).toContain(says);
  });

  it('is refused where nothing runs yet', async () => {
    await serving('', []);
    expect((await refused(() => ask(), 'nothing-to-contract')).sentence).toContain('nothing runs on shop');
  });

  it('gets a fault of the program as it is: only what a database says is a refusal', async () => {
    await serving();
    migrator.refuses(new TypeError('not a function'));
    await expect(ask()).rejects.toThrow('not a function');
  });

  it('twice, also at the same moment, asks for one', async () => {
    await serving();
    const answers = await Promise.all([ask(alice), ask(bob)]);
    expect(answers.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
    const loser = answers.find(({ ok }) => !ok);
    expect(loser).toMatchObject({ refusal: { code: 'already-decided' } });
    const { sentence, hint } = await refused(() => ask(bob), 'already-decided');
    expect(sentence).toMatch(/alice asked for it at .*pending/);
    expect(hint).toContain('bg migrate approve');
  });

  it('is refused as stale when another release became live while the database was asked', async () => {
    await serving();
    const original = migrator.assess;
    migrator.assess = async (...args) => {
      await flow.live('v3');
      return original(...args);
    };
    await expect(ask()).resolves.toMatchObject({ ok: false, refusal: { code: 'stale-plan' } });
    expect(flow.actions().filter((action) => action === 'contract-asked')).toEqual([]);
  });

  it('may ask again after the deadline of one without a decision, which is written as expired', async () => {
    const id = await asked();
    flow.clock.advance(flow.process().target.settings.approval.deadlineMs);
    const began = flow.lastSeq();
    expect((await ask(bob)).ok).toBe(true);
    expect(flow.actions(began)).toEqual(['contract-ended', 'contract-asked']);
    expect(readContract(flow.process().core.store.db, id)?.status).toBe('expired');
  });
});

describe('the decision about a contract', () => {
  it.each<[who: string, actor: Actor, code: string]>([
    ['who asked for it', alice, 'four-eyes'],
    ['who is no approver', dave, 'not-approver'],
    ['a machine', ci, 'not-approver'],
  ])('is not for %s', async (_, actor, code) => {
    const id = await asked();
    await refused(() => schema().approveContract(id, actor), code);
    expect(readContract(flow.process().core.store.db, id)?.status).toBe('pending');
  });

  it('of two people needs two different ones, and the engine does not begin before', async () => {
    const id = await asked('        approval: { count: 2 }');
    expect(schema().approveContract(id, bob)).toMatchObject({ ok: true, value: { status: 'pending', given: ['bob'] } });
    await refused(() => schema().approveContract(id, bob), 'already-decided');
    await controllerLooks();
    expect(migrator.story).toEqual([]);
    expect(schema().approveContract(id, carol)).toMatchObject({ ok: true, value: { status: 'approved' } });
    await controllerLooks();
    expect(migrator.story).toEqual(['contract 001_cents']);
  });

  it('of a group waits for a person of it, and the engine does not begin before', async () => {
    const id = await asked('        approval: { groups: [{ name: dba, approvers: [carol, "group:S0DBA"] }] }');
    expect(schema().approveContract(id, bob)).toMatchObject({
      ok: true,
      value: { status: 'pending', given: ['bob'], missing: '1 more, of dba' },
    });
    const { sentence } = await refused(() => schema().approveContract(id, bob), 'already-decided');
    expect(sentence).toContain('it waits for 1 more, of dba');
    await controllerLooks();
    expect(migrator.story).toEqual([]);
    expect(schema().approveContract(id, carol)).toMatchObject({
      ok: true,
      value: { status: 'approved', missing: '', groups: [{ name: 'dba', needed: 1, given: ['carol'] }] },
    });
    await controllerLooks();
    expect(migrator.story).toEqual(['contract 001_cents']);
  });

  it('is the first one: a later approval or reject is refused with the name of the first person', async () => {
    const id = await asked();
    expect(schema().rejectContract(id, bob, ' v1 is still needed ')).toMatchObject({
      ok: true,
      value: { status: 'rejected', problem: 'v1 is still needed', decidedBy: 'person:bob' },
    });
    for (const act of [() => schema().approveContract(id, carol), () => schema().rejectContract(id, carol, 'no')]) {
      const { sentence } = await refused(act, 'already-decided');
      expect(sentence).toMatch(/rejected, decided by bob/);
    }
    await controllerLooks();
    expect(migrator.story).toEqual([]);
  });

  it('of fifty clicks at once is one', async () => {
    const id = await asked();
    const began = flow.lastSeq();
    const answers = Array.from({ length: 50 }, (_, at) =>
      at % 2 === 0 ? schema().rejectContract(id, carol, 'no') : schema().approveContract(id, bob),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(flow.actions(began).filter((action) => action !== 'refused')).toEqual(['contract-ended']);
    expect(flow.people.audit.verify()).toMatchObject({ intact: true });
  });

  it('against it needs a reason, and may be that of the person who asked', async () => {
    const id = await asked();
    await refused(() => schema().rejectContract(id, bob, ' \n '), 'reason-missing');
    await refused(() => schema().rejectContract(id, dave, 'no'), 'not-approver');
    expect(schema().rejectContract(id, alice, 'x'.repeat(10_000))).toMatchObject({ ok: true });
    expect(readContract(flow.process().core.store.db, id)?.problem).toHaveLength(500);
  });

  it('comes too late after the deadline, whether or not a controller has written that', async () => {
    const id = await asked();
    flow.clock.advance(flow.process().target.settings.approval.deadlineMs);
    await refused(() => schema().approveContract(id, bob), 'already-decided');
    await refused(() => schema().rejectContract(id, bob, 'no'), 'already-decided');
    const began = flow.lastSeq();
    await controllerLooks();
    await controllerLooks();
    expect(flow.actions(began)).toEqual(['contract-ended']);
  });

  it('about one that does not exist is refused without repeating all that was typed', async () => {
    await serving();
    const { sentence } = await refused(() => schema().approveContract('c'.repeat(5_000), bob), 'no-such-contract');
    expect(sentence.length).toBeLessThan(100);
  });
});

describe('an approved contract', () => {
  async function approved(): Promise<string> {
    const id = await asked();
    schema().approveContract(id, bob);
    return id;
  }

  it('holds up deployments and switches until it has ended, and no rollback', async () => {
    await approved();
    const { sentence } = await refused(() => flow.people.deploy({ version: 'v3', actor: alice }), 'target-busy');
    expect(sentence).toContain('001_cents');
    await refused(() => flow.people.switch({ actor: alice }), 'target-busy');
    await controllerLooks();
    expect(flow.people.deploy({ version: 'v3', actor: alice }).ok).toBe(true);
  });

  it('is run to its end by who approves it again, where no controller is alive', async () => {
    const id = await approved();
    flow.process().lease();
    await refused(() => schema().approveContract(id, carol), 'already-decided');
    flow.clock.advance(60_000);
    const began = flow.lastSeq();
    expect(schema().approveContract(id, carol)).toMatchObject({ ok: true, value: { isCutOff: true } });
    expect(flow.story(began).join()).toMatch(/^contract-continued: carol .*approved and not begun/);
    await refused(() => schema().rejectContract(id, carol, 'no'), 'already-decided');
  });

  it('is refused at its turn when a release came that needs what it takes away', async () => {
    const id = await approved();
    migrator.needs('v1', ['001_cents']);
    await controllerLooks();
    expect(readContract(flow.process().core.store.db, id)).toMatchObject({ status: 'refused' });
    expect(migrator.story).toEqual([]);
  });

  it('makes a rollback refuse a release that cannot run any more, with what it lost', async () => {
    const id = await approved();
    migrator.needs('v1', ['001_cents']);
    // As after its restore point: begun, so that it is run to its end.
    const { core } = flow.process();
    core.store.write((tx) => {
      tx.db.$client.prepare("UPDATE contracts SET status = 'running' WHERE id = ?").run(id);
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });
    await controllerLooks();
    expect(migrator.story).toEqual(['contract 001_cents']);
    const { sentence } = await refused(
      () => flow.people.rollback({ actor: alice, version: 'v1' }),
      'schema-incompatible',
    );
    expect(sentence).toContain('001_cents');
    await refused(() => flow.people.switch({ actor: alice }), 'schema-incompatible');
  });
});
