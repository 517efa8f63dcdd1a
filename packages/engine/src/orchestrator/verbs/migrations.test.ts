// What people do with a database by hand: who may, what a run that fails half-way leaves behind, and what is reported.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MigrationsRun } from '../../api/migrations.ts';
import type { Actor } from '../../domain/actor.ts';
import { MigrationError } from '../../migrator/error.ts';
import type { MigrationEvent } from '../../migrator/phases/context.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { refusalOf } from './testing/refusals.ts';
import { createScriptedMigrator, type ScriptedMigrator } from './testing/scripted-migrator.ts';

const dave: Actor = { kind: 'person', id: 'dave', door: 'cli' };
const signal = new AbortController().signal;

let flow: Flow;
let migrator: ScriptedMigrator;
let said: MigrationEvent[];
beforeEach(async () => {
  migrator = createScriptedMigrator();
  said = [];
  flow = await startFlow({ migrator });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

const schema = () => flow.people.migrations;
const run = (act: MigrationsRun['act'], actor: Actor = alice, change: Partial<MigrationsRun> = {}) =>
  schema().run({ act, actor, signal, say: (event) => said.push(event), ...change });
const refused = (act: Parameters<typeof refusalOf>[1], code: string) =>
  refusalOf({ store: flow.process().core.store, audit: flow.people.audit }, act, code);

const revert = { kind: 'revert', id: '001', nothingNeedsIt: false } as const;
const repair = { kind: 'repair', repair: { kind: 'mark-applied', id: '001' }, because: 'finished by hand' } as const;
const baseline = { kind: 'baseline', upTo: 3 } as const;

describe('a run by hand', () => {
  it.each<[act: MigrationsRun['act'], actor: Actor, story: string, sentence: string]>([
    [{ kind: 'expand' }, dave, 'expand 001', 'dave widens the schema for v1: 001'],
    [{ kind: 'backfill' }, dave, 'backfill 002', 'dave fills rows for v1: 002'],
    [revert, bob, 'revert 001', 'bob takes back 001 for v1: 001'],
    [
      repair,
      bob,
      'repair mark-applied',
      'bob repairs the record (mark-applied 001): finished by hand for v1: mark-applied',
    ],
    [baseline, bob, 'baseline 3', 'bob takes the database over up to 3 for v1: 3'],
  ])('of %j is two audit rows around it', async (act, actor, story, sentence) => {
    migrator.plans({ expand: ['001'], backfill: ['002'] });
    const began = flow.lastSeq();
    expect(await run(act, actor)).toMatchObject({ ok: true });
    expect(migrator.story).toEqual([story]);
    expect(flow.actions(began)).toEqual(['migrate-begun', 'migrate-done']);
    expect(flow.story(began).at(-1)).toBe(`migrate-done: ${sentence}`);
  });

  it.each([revert, repair, baseline])('of %j corrects the record, and is for approvers alone', async (act) => {
    await refused(() => run(act, dave), 'not-approver');
    flow.ask('v2');
    await refused(() => run(act, bob), 'target-busy');
    expect(migrator.story).toEqual([]);
  });

  it('that takes back is refused while a contract waits, and named', async () => {
    migrator.plans({ contract: { ready: [{ id: '001', text: 'DROP' }], waiting: [] } });
    const asked = await schema().contract({ actor: alice });
    const { sentence, hint } = await refused(() => run(revert, bob), 'target-busy');
    expect(sentence).toContain(asked.ok ? asked.value.id : '?');
    expect(hint).toContain('bg migrate approve');
  });

  it('that widens is refused for a release that would break what runs', async () => {
    migrator.plans({ expand: ['001'] });
    migrator.judges('incompatible');
    await refused(() => run({ kind: 'expand' }), 'schema-refused');
    migrator.plans({ problems: ['001.sql:1: drops a table'] });
    const { sentence } = await refused(() => run({ kind: 'expand' }), 'schema-refused');
    expect(sentence).toContain('001.sql:1');
    expect(migrator.story).toEqual([]);
  });

  it('for a release that does not exist is refused', async () => {
    await refused(() => run({ kind: 'expand' }, alice, { version: 'v9' }), 'release-unknown');
    await refused(() => run({ kind: 'expand' }, alice, { version: '../../etc' }), 'release-unknown');
  });

  const fails = (says: readonly MigrationEvent[]) =>
    migrator.runs({ says, throws: new MigrationError('failed', 'the disk is full', { hint: 'Make room.' }) });
  const begun = (id: string): MigrationEvent => ({ kind: 'begun', id, stage: 'expand' });
  const done = (id: string): MigrationEvent => ({ kind: 'done', id, stage: 'expand', tookMs: 1 });
  const progress = (id: string, rowsDone: number): MigrationEvent => ({
    kind: 'progress',
    id,
    rowsDone,
    rowsTotal: undefined,
    msLeft: undefined,
  });

  it.each<[what: string, says: readonly MigrationEvent[], happened: string]>([
    ['in its first step', [begun('001')], '001 was begun and is not done.'],
    ['between two steps', [begun('001'), done('001')], '001 is done.'],
    [
      'in its third step',
      [begun('001'), done('001'), begun('002'), done('002'), begun('003')],
      '2 steps up to 002 are done; 003 was begun and is not done.',
    ],
    [
      'while it fills rows',
      [begun('002'), progress('002', 0), progress('002', 500)],
      '002 was begun and is not done (500 rows of it are filled).',
    ],
    ['before it filled one', [begun('002'), progress('002', 0)], '002 was begun and is not done.'],
  ])('that fails %s says what is done, and is an audit row of its own', async (_, says, happened) => {
    fails(says);
    const began = flow.lastSeq();
    const answer = await run({ kind: 'backfill' });
    expect(answer).toMatchObject({
      ok: false,
      refusal: { code: 'schema-failed', sentence: 'the disk is full', hint: 'Make room.' },
    });
    expect(!answer.ok && answer.refusal.happened).toMatch(
      new RegExp(`^${happened.replace(/[.()]/g, '\\$&')} The next`),
    );
    expect(flow.actions(began)).toEqual(['migrate-begun', 'migrate-failed']);
    expect(said).toEqual(says);
  });

  it('that fails before it has begun anything is a refusal', async () => {
    fails([]);
    const began = flow.lastSeq();
    expect(await run({ kind: 'backfill' })).toMatchObject({ ok: false, refusal: { code: 'schema-refused' } });
    expect(flow.actions(began)).toEqual(['migrate-begun', 'refused']);
  });

  it('that fails by a fault of the program throws', async () => {
    migrator.runs({ throws: new TypeError('not a function') });
    await expect(run({ kind: 'backfill' })).rejects.toThrow('not a function');
  });
});

describe('a held backfill', () => {
  it('stops the one under way, in every process, and is not begun before a person lets it go on', async () => {
    migrator.runs({ says: [{ kind: 'begun', id: '002', stage: 'backfill' }], until: new Promise(() => undefined) });
    const filling = run({ kind: 'backfill' });
    await expect.poll(() => said.length, { timeout: 10_000 }).toBe(1);
    expect(schema().pause({ actor: bob, reason: ' the shop is busy ' })).toMatchObject({
      ok: true,
      value: { held: { by: 'person:bob', reason: 'the shop is busy' } },
    });
    expect(await flow.passing(filling)).toMatchObject({ ok: false, refusal: { code: 'schema-failed' } });
    const { sentence, hint } = await refused(() => run({ kind: 'backfill' }), 'target-busy');
    expect(sentence).toBe('bob holds the backfill of shop: the shop is busy');
    expect(hint).toContain('bg migrate resume');
    migrator.runs({});
    expect((await run({ kind: 'expand' })).ok).toBe(true);
    flow.restart();
    await refused(() => run({ kind: 'backfill' }), 'target-busy');
    expect(schema().resume({ actor: alice })).toMatchObject({ ok: true, value: { held: undefined } });
    expect((await flow.passing(run({ kind: 'backfill' }))).ok).toBe(true);
  });

  it('is held once and let go once: the second person hears of the first', async () => {
    await refused(() => schema().resume({ actor: alice }), 'not-allowed-now');
    const held = schema().pause({ actor: bob, reason: ' ' });
    expect(held.ok && held.value.held).toEqual({ by: 'person:bob', at: flow.clock.now() });
    expect((await refused(() => schema().pause({ actor: alice }), 'already-decided')).sentence).toContain('bob');
    const began = flow.lastSeq();
    expect(schema().resume({ actor: alice }).ok).toBe(true);
    await refused(() => schema().resume({ actor: bob }), 'not-allowed-now');
    expect(flow.story(began)[0]).toMatch(/^backfill-resumed: alice .* which bob held since/);
  });
});

describe('what is read', () => {
  it('is for every user, and names the release that users have', async () => {
    expect(await schema().status({})).toMatchObject({
      ok: true,
      value: { name: 'shop', version: 'v1', kind: 'sqlite' },
    });
    expect(await schema().status({ version: 'v2' })).toMatchObject({ ok: true, value: { version: 'v2' } });
    expect(await schema().activity({})).toMatchObject({ ok: true, value: { name: 'shop', at: flow.clock.now() } });
  });

  it('as a plan says who needs what is to be taken away, and what becomes impossible', async () => {
    migrator.plans({ expand: ['002'], contract: { ready: [{ id: '001', text: 'DROP' }], waiting: [] } });
    migrator.needs('v1', ['001']);
    const plan = await schema().plan({ version: 'v2' });
    expect(plan).toMatchObject({
      ok: true,
      value: { version: 'v2', needs: [{ version: 'v1', as: 'active' }], refusal: undefined },
    });
    expect(plan.ok && plan.value.consequence).toContain('everything that was once live');
    migrator.plans({});
    expect(await schema().plan({})).toMatchObject({ ok: true, value: { consequence: undefined, needs: [] } });
  });

  it.each<[name: string, read: () => Promise<unknown>]>([
    ['plan', () => schema().plan({})],
    ['status', () => schema().status({})],
    ['activity', () => schema().activity({})],
  ])('of a database that does not answer is a refusal with its hint: %s', async (_, read) => {
    migrator.refuses(new MigrationError('unreachable', 'connection refused', { hint: 'Is it up?' }));
    expect(await read()).toMatchObject({
      ok: false,
      refusal: { code: 'schema-refused', sentence: 'connection refused', hint: 'Is it up?' },
    });
    migrator.refuses(new TypeError('not a function'));
    await expect(read()).rejects.toThrow('not a function');
  });
});

describe('a trial on a copy', () => {
  const tryOn = (actor: Actor, copy: string, version = 'v2') =>
    schema().tryOn({ version, copy, contract: false, revert: false, actor, signal, say: () => undefined });

  it('is noted with the person and the copy, without its password', async () => {
    const began = flow.lastSeq();
    const answer = await tryOn(dave, 'postgres://shop:s3cret@copy.example:5432/shop');
    expect(answer).toMatchObject({
      ok: true,
      value: { ok: true, version: 'v2', copy: expect.stringContaining('copy.example') },
    });
    expect(flow.actions(began)).toEqual(['migrate-tried']);
    expect(JSON.stringify([answer, flow.story(began)])).not.toContain('s3cret');
  });

  it('of a release that does not exist is refused, and so is the live database itself', async () => {
    await refused(() => tryOn(dave, 'copy', 'v9'), 'release-unknown');
    migrator.refuses(new MigrationError('not-allowed', 'this is the live database'));
    expect(await tryOn(dave, 'live')).toMatchObject({ ok: false, refusal: { sentence: 'this is the live database' } });
  });
});

describe('a target without a database', () => {
  it('refuses each of it with the key that would name one', async () => {
    await flow.close();
    flow = await startFlow();
    await flow.live('v1');
    for (const act of [
      () => run({ kind: 'expand' }),
      () => schema().tryOn({ copy: 'c', contract: false, revert: false, actor: alice, signal, say: () => undefined }),
      () => schema().pause({ actor: alice }),
    ])
      expect((await refused(act, 'schema-refused')).sentence).toContain('shop has no database');
    expect((await refused(() => schema().contract({ actor: alice }), 'nothing-to-contract')).sentence).toContain(
      'has no database',
    );
    for (const read of [schema().plan({}), schema().status({}), schema().activity({})])
      expect(await read).toMatchObject({ ok: false, refusal: { code: 'schema-refused' } });
  });
});
