// What the engine knows of a schema without a question to the database, and what it says of it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigrationError, type MigrationErrorCode } from '../../migrator/error.ts';
import type { MigrationEvent } from '../../migrator/phases/context.ts';
import { readDeployment } from '../../state/deployments.ts';
import { fillingKey, putSnapshot } from '../../state/snapshots.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { folderOf, inSlot, runSchema, served, startSchemaFlow } from '../../testing/schema-flow.ts';
import { deploymentSchema } from './deployment-schema.ts';
import { eyes, fitsSchema, lookAtSchema, lostFor, readLook, versionsOf } from './observe.ts';
import { schemaView } from './schema-view.ts';
import { eventSentence, migrationSentence, reasonOf } from './words.ts';

let flow: Flow;
afterEach(() => flow?.close());

const here = () => [flow.process().core, flow.process().target] as const;
const unreachable = () => {
  throw new MigrationError('unreachable', 'the server does not answer');
};

describe('a check of the schema', () => {
  beforeEach(async () => {
    flow = await startSchemaFlow();
  });

  it('is not made before anything runs; then the release on any side is what it is compared with', async () => {
    expect(await lookAtSchema(...here())).toBeUndefined();
    expect(schemaView(...here())).toMatchObject({ version: undefined, migrations: [], problems: [] });
    await served(flow, 'v1', 'v2');
    expect(eyes(...here())?.version).toBe('v2');
    inSlot(flow, 'green', undefined, 'active');
    expect(eyes(...here())?.version).toBe('v1');
  });

  it('says of each release that may get users whether it fits, and what is lost for good', async () => {
    await served(flow, 'v1', 'v2', 'v3');
    await runSchema(flow, 'v3', 'backfill');
    expect(await lookAtSchema(...here())).toMatchObject({
      version: 'v3',
      next: { expand: [], backfill: [], contract: ['002_full_name'] },
      verdicts: { v1: { verdict: 'compatible' }, v2: { verdict: 'compatible' }, v3: { verdict: 'compatible' } },
    });
    expect(lostFor(...here(), 'v1')).toBeUndefined();
    const [core, target] = here();
    const work = { signal: new AbortController().signal, say: () => undefined };
    await flow.passing(target.migrator.run(folderOf(flow, 'v3'), { kind: 'contract', ids: ['002_full_name'] }, work));
    // What is stored is the last check, which knows nothing of it.
    expect(lostFor(core, target, 'v1')).toBeUndefined();
    await lookAtSchema(core, target);
    expect(lostFor(core, target, 'v1')).toBe('002_full_name takes away what this release was written for');
    expect(lostFor(core, target, 'v3')).toBeUndefined();
  });

  it('names only a dozen releases, those in the slots first', async () => {
    const versions = Array.from({ length: 15 }, (_, at) => `r${at}`);
    for (const version of versions) flow.layRelease(version);
    await served(flow, ...versions);
    expect(versionsOf(...here()).map(({ version }) => version)).toEqual([
      ...['r13', 'r14', 'r12', 'r11', 'r10', 'r9', 'r8', 'r7', 'r6', 'r5', 'r4', 'r3'],
    ]);
  });

  it.each(['status', 'compatible'] as const)(
    'that fails at %s says why, the first time and with what was known',
    async (moment) => {
      await served(flow, 'v1');
      flow.migrators.database.before(moment, unreachable);
      const problem = 'the server does not answer';
      expect(await lookAtSchema(...here())).toMatchObject({ version: 'v1', migrations: [], verdicts: {}, problem });
      flow.migrators.database.before(moment);
      await lookAtSchema(...here());
      flow.migrators.database.before(moment, unreachable);
      await lookAtSchema(...here());
      expect(readLook(...here())).toMatchObject({ migrations: [{ id: '001_users', state: 'done' }], problem });
    },
  );

  it('before users are sent to a side stops nothing when the database cannot be asked', async () => {
    await served(flow, 'v1');
    expect(await fitsSchema(...here(), folderOf(flow, 'v2'))).toMatchObject({ verdict: 'incompatible' });
    expect(await fitsSchema(...here(), folderOf(flow, 'v1'))).toMatchObject({ verdict: 'compatible' });
    flow.migrators.database.before('compatible', unreachable);
    expect(await fitsSchema(...here(), folderOf(flow, 'v2'))).toEqual({
      verdict: 'unknown',
      lost: [],
      evidence: 'the server does not answer',
    });
  });

  it('is part of the card of the deployment that changed it, and its progress of the one that is live', async () => {
    await served(flow, 'v1', 'v2');
    await lookAtSchema(...here());
    const [core, target] = here();
    const row = readDeployment(core.store.db, 'd_v2');
    if (!row) throw new Error('d_v2 is not there');
    expect(deploymentSchema(core, target, row, true)).toBeUndefined();
    const plan = { mode: 'deploy', steps: [], schema: ['002_full_name'], verdict: 'compatible' } as const;
    expect(deploymentSchema(core, target, { ...row, plan }, true)).toEqual({
      expand: ['002_full_name'],
      accepted: [],
      verdict: 'compatible',
      filling: undefined,
    });
    const progress = { id: '002_full_name', rowsDone: 3, rowsTotal: 9, msLeft: 1 };
    core.store.note((db, now) => putSnapshot(db, fillingKey(target.key), progress, now));
    expect(deploymentSchema(core, target, row, true)?.filling).toEqual(progress);
    expect(deploymentSchema(core, target, row, false)).toBeUndefined();
    expect(deploymentSchema(core, target, { ...row, version: 'v1' }, true)).toBeUndefined();
  });
});

describe('a target without a database', () => {
  it('has no schema to look at, and every release fits', async () => {
    flow = await startFlow();
    await flow.live('v1');
    expect(await lookAtSchema(...here())).toBeUndefined();
    expect(schemaView(...here())).toBeUndefined();
    expect(await fitsSchema(...here(), '/nowhere')).toMatchObject({ verdict: 'compatible' });
  });
});

describe('in words', () => {
  it.each<[MigrationEvent, string | undefined]>([
    [{ kind: 'begun', id: '1', stage: 'expand' }, '1: widens the schema'],
    [{ kind: 'begun', id: '1', stage: 'revert', tool: 'gh-ost' }, '1: takes back by gh-ost'],
    [{ kind: 'done', id: '1', stage: 'contract', tookMs: 999 }, '1: contract done in 999 ms'],
    [{ kind: 'done', id: '1', stage: 'backfill', tookMs: 7_200_000 }, '1: backfill done in 2 h 0 min'],
    [{ kind: 'warning', id: '1', sentence: 'waits' }, '1: waits'],
    [{ kind: 'warning', id: undefined, sentence: 'waits' }, 'waits'],
    [{ kind: 'progress', id: '1', rowsDone: 1, rowsTotal: 2, msLeft: 3 }, undefined],
    [{ kind: 'tool', id: '1', tool: 'gh-ost', line: 'copies' }, undefined],
  ])('%o is %s', (event, sentence) => {
    expect(eventSentence(event)).toBe(sentence);
  });

  it.each<MigrationErrorCode>(['locked', 'failed', 'not-allowed'])('an error %s has a reason, and its hint', (code) => {
    const thrown = new MigrationError(code, 'it went wrong', { hint: 'try this' });
    expect([reasonOf(thrown), migrationSentence(thrown)]).toEqual([`schema-${code}`, 'it went wrong (try this)']);
    expect(migrationSentence(new Error('it broke'))).toBe('it broke');
  });
});
