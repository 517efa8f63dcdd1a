// The step that widens the schema: it runs before anything is started, begins again after a kill, and is never undone.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigrationError, type MigrationErrorCode } from '../../../migrator/error.ts';
import { readJournal } from '../../../state/deployments.ts';
import { alice, type Flow } from '../../../testing/flow.ts';
import { startSchemaFlow } from '../../../testing/schema-flow.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startSchemaFlow();
  await flow.live('v1');
});
afterEach(() => flow.close());

const expanded = () => flow.migrators.database.story;
const attempts = (id: string) =>
  readJournal(flow.process().core.store.db, id).find(({ name }) => name === 'expand-schema')?.attempts;

describe('widening the schema', () => {
  it('is written statement by statement, and is seen by everybody before the release starts', async () => {
    const before = flow.lastSeq();
    const id = flow.ask('v2');
    let expandedAtStart: readonly string[] = [];
    await flow.until(id, ({ phase }) => {
      if (phase === 'start-preview') expandedAtStart = [...expanded()];
      return phase === 'start-preview';
    });
    expect(expandedAtStart).toEqual(['expand 001_users', 'expand 002_full_name']);
    expect(flow.story(before).filter((row) => /schema|step-/.test(row))).toEqual([
      'step-started: expand-schema',
      'schema-changed: 002_full_name: widens the schema',
      expect.stringMatching(/^schema-changed: 002_full_name: expand done in \d+ ms$/),
      'step-done: expand-schema: widened the schema: 002_full_name',
      'step-started: start-preview',
    ]);
    // The release that is live knows nothing of it yet.
    expect(flow.people.status().targets[0]?.schema?.migrations).toMatchObject([
      { id: '001_users', inRelease: true },
      { id: '002_full_name', state: 'expanded', inRelease: false },
    ]);
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });

  it('of a release that brings nothing new touches no database', async () => {
    await flow.live('v2');
    const id = flow.ask('v2', { redeploy: true });
    await flow.finish(id);
    expect(flow.story()).toContain('step-done: expand-schema: the schema needs no change');
    expect(expanded()).toHaveLength(2);
  });

  it.each<[MigrationErrorCode, code: string]>([
    ['blocked', 'schema-blocked'],
    ['failed', 'schema-failed'],
    ['unreachable', 'schema-unreachable'],
    ['drift', 'schema-drift'],
  ])('that ends in %s fails the deployment before anything is started', async (thrown, code) => {
    flow.migrators.database.before('expand', () => {
      throw new MigrationError(thrown, 'it went wrong', { hint: 'do this' });
    });
    const id = flow.ask('v2');
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'failed', code, sentence: 'it went wrong (do this)' });
    expect(flow.environments.story).toEqual(['start v1 in blue']);
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'idle' });
  });

  it('that was blocked is continued by the next deployment', async () => {
    flow.migrators.database.before('expand', () => {
      throw new MigrationError('blocked', 'session 7 holds the lock');
    });
    await flow.finish(flow.ask('v2'));
    flow.migrators.database.before('expand');
    await flow.live('v2');
    expect(expanded()).toEqual(['expand 001_users', 'expand 002_full_name']);
  });

  it('is not undone when the deployment fails later, and v1 goes on with it', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    flow.people.abort({ id }, alice);
    await flow.finish(id);
    expect(flow.story()).toContain('step-passed: expand-schema: nothing to undo');
    expect(flow.migrators.database.rows.get('002_full_name')?.state).toBe('expanded');
    await flow.live('v2');
    expect(expanded()).toHaveLength(2);
  });

  it('is stopped when a person gives the deployment up, at the next statement', async () => {
    flow.layRelease('v2', { 'migrations/003_age.expand.sql': 'ALTER TABLE users ADD COLUMN age INTEGER;' });
    const id = flow.ask('v2');
    flow.migrators.database.before('expand', async () => {
      if (expanded().length > 1) return;
      flow.people.abort({ id }, alice, 'too early');
      // As a statement that takes a moment: the deployment reads the signal meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'given-up', actor: 'person:alice' });
    expect(expanded()).toEqual(['expand 001_users']);
  });
});

describe('a process that dies while it widens the schema', () => {
  it.each<[string, before: number]>([
    ['before the statement was run', 1],
    ['after the first of two', 2],
  ])('%s leaves the rest to the next, which repeats nothing', async (_, dies) => {
    flow.layRelease('v2', { 'migrations/003_age.expand.sql': 'ALTER TABLE users ADD COLUMN age INTEGER;' });
    const id = flow.ask('v2');
    let statements = 0;
    flow.migrators.database.before('expand', () => {
      statements += 1;
      if (statements !== dies) return;
      flow.process().life.kill();
      // As the connection that ends with its process.
      flow.process().life.alive();
    });
    await flow.until(id, () => flow.process().life.isDead());
    expect(expanded()).toHaveLength(dies);
    flow.restart();
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    expect(expanded()).toEqual(['expand 001_users', 'expand 002_full_name', 'expand 003_age']);
    expect(attempts(id)).toBe(2);
    expect(flow.environments.story).toEqual(['start v1 in blue', 'start v2 in green']);
  });
});

describe('a side that cannot run on the schema', () => {
  /** As if another service on the same database, or a person, contracted it. */
  const contractedBehindItsBack = (): void => {
    const row = flow.migrators.database.rows.get('002_full_name');
    if (!row) throw new Error('002_full_name was never expanded');
    const files = { ...row.files, contract: { checksum: 'c', fingerprint: 'f' } };
    flow.migrators.database.rows.set('002_full_name', { ...row, state: 'done', files });
  };

  it.each(['shift-traffic', 'promote'])('gets no users by %s, though it was fit when it started', async (step) => {
    const id = flow.ask('v2');
    await flow.until(id, ({ phase, direction }) => {
      if (phase === step && direction === 'forward') contractedBehindItsBack();
      return false;
    });
    expect(flow.view(id).outcome).toMatchObject({ kind: 'failed', code: 'schema-incompatible' });
    const failed = readJournal(flow.process().core.store.db, id).find(({ status }) => status === 'failed');
    expect(failed?.name).toBe(step);
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue', canary: undefined });
  });

  it('is still rolled back to when the database does not answer', async () => {
    await flow.live('v2');
    flow.migrators.database.before('compatible', () => {
      throw new MigrationError('unreachable', 'the server does not answer');
    });
    const answer = flow.people.rollback({ actor: alice });
    const view = answer.ok ? await flow.finish(answer.value.id) : undefined;
    expect(view?.outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
  });
});
