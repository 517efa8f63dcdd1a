// Where a way back leads, and that two people who ask for the same way back go it once.

import { existsSync, renameSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addDeployment, type DeploymentRow } from '../../state/deployments.ts';
import { putSnapshot, schemaKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { addQuarantine, readRelease, setSlot } from '../../state/targets.ts';
import { bob, type Flow, startFlow } from '../../testing/flow.ts';
import { alreadyBack } from './already-back.ts';
import { rollbackTarget } from './rollback-target.ts';

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  for (const version of ['v1', 'v2', 'v3']) await flow.live(version);
});
afterAll(() => flow.close());

const filesOf = (version: string): string => release(version)?.folder ?? '';
/** What a test lays out is taken back after it: one flow serves all of them. */
function takenBack(): void {
  const { $client: client } = flow.process().core.store.db;
  if (client.inTransaction) client.exec('ROLLBACK');
  if (existsSync(`${filesOf('v2')}.gone`)) renameSync(`${filesOf('v2')}.gone`, filesOf('v2'));
}
const laidOut = (): unknown => flow.process().core.store.db.$client.exec('BEGIN IMMEDIATE');

const key = () => flow.process().target.key;
const write = (change: (tx: Tx) => void): void =>
  flow.process().core.store.write((tx) => {
    change(tx);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });
const release = (version: string) => readRelease(flow.process().core.store.db, 'shop', version);
const mark = (version: string): void =>
  write((tx) =>
    addQuarantine(tx, {
      service: 'shop',
      version,
      digest: release(version)?.digest ?? '',
      reason: 'x',
      by: 'engine',
      at: tx.now,
    }),
  );
const setGreen = (change: Parameters<typeof setSlot>[3]): void => write((tx) => setSlot(tx, key(), 'green', change));
const lose = (version: string): void =>
  write((tx) =>
    putSnapshot(tx.db, schemaKey(key()), { verdicts: { [version]: { lost: ['001'], evidence: 'gone' } } }, tx.now),
  );
const target = (version?: string, except: readonly string[] = []): string => {
  const { core, target: own } = flow.process();
  const to = rollbackTarget(core, own, version, except);
  return to === undefined ? 'none' : `${to.version} ${to.warm ? 'warm' : 'cold'}`;
};

describe('a way back', () => {
  beforeEach(laidOut);
  afterEach(takenBack);

  it.each<[what: string, lay: () => void, to: string]>([
    ['to the warm standby', () => undefined, 'v2 warm'],
    ['past a standby that is marked as failed', () => setGreen({ label: 'failed' }), 'v2 cold'],
    ['past a standby that is being upgraded', () => setGreen({ label: 'upgrading' }), 'v2 cold'],
    ['past a standby of the live version', () => setGreen({ version: 'v3' }), 'v2 cold'],
    [
      'to the last good one where nothing is warm',
      () => setGreen({ role: 'idle', version: null, digest: null }),
      'v2 cold',
    ],
    [
      'past a bad one where nothing is warm',
      () => {
        setGreen({ role: 'idle', version: null, digest: null });
        mark('v2');
      },
      'v1 cold',
    ],
    [
      'past one whose files have gone',
      () => {
        setGreen({ role: 'idle', version: null, digest: null });
        renameSync(filesOf('v2'), `${filesOf('v2')}.gone`);
      },
      'v1 cold',
    ],
    [
      'past one that cannot run on the schema any more',
      () => {
        setGreen({ role: 'idle', version: null, digest: null });
        lose('v2');
      },
      'v1 cold',
    ],
    ['to nothing without an active side', () => write((tx) => setSlot(tx, key(), 'blue', { role: 'preview' })), 'none'],
    [
      'to nothing where all are bad',
      () => {
        setGreen({ role: 'idle', version: null, digest: null });
        for (const version of ['v1', 'v2', 'v3']) mark(version);
      },
      'none',
    ],
  ])('%s', (_, lay, to) => {
    lay();
    expect(target()).toBe(to);
  });

  it.each([
    ['v2', 'v2 warm'],
    ['v1', 'v1 cold'],
    ['v3', 'v3 cold'],
    ['v9', 'none'],
    ['', 'none'],
  ])('to %s by its name', (version, to) => {
    expect(target(version)).toBe(to);
  });

  it('leaves out what was found unfit, warm or cold', () => {
    expect([target(undefined, ['v2']), target(undefined, ['v2', 'v1'])]).toEqual(['v1 cold', 'none']);
  });
});

describe('a rollback that another person has made', () => {
  beforeEach(laidOut);
  afterEach(takenBack);

  let live: string;
  const ended = (change: Partial<DeploymentRow>): void => {
    live = change.version ?? 'v2';
    write((tx) =>
      addDeployment(tx, {
        id: `d_${flow.lastSeq()}`,
        ...key(),
        version: 'v2',
        digest: '',
        mode: 'rollback',
        slot: 'green',
        fromVersion: 'v3',
        hold: false,
        requestedBy: 'person:carol',
        requestedAt: tx.now,
        position: 1,
        direction: 'forward',
        phase: 'finished',
        stateVersion: 9,
        promotedAt: tx.now,
        outcome: 'promoted',
        finishedAt: tx.now,
        ...change,
      }),
    );
  };
  const asked = (request: { version?: string; from?: string } = {}) => {
    const { core, target: own } = flow.process();
    return alreadyBack(core, own, { actor: bob, ...request }, live)?.refusal.sentence ?? 'goes on';
  };

  it.each<[what: string, change: Partial<DeploymentRow>, request: object, says: RegExp]>([
    ['just now is named with who made it', {}, {}, /^done already by carol: shop went back from v3 to v2 0 s ago$/],
    ['does not hold up a way further back, by name', {}, { version: 'v1' }, /^goes on$/],
    [
      'is known by the version that was shown',
      {},
      { from: 'v3' },
      /from v3, and shop runs v2 by now: done already by carol/,
    ],
    ['does not hold up one from the version it led to', {}, { from: 'v2' }, /^goes on$/],
    [
      'and that was itself taken back left users where they were',
      { outcome: 'rolled-back', causeActor: 'person:dave' },
      {},
      /^goes on$/,
    ],
    [
      'as the end of a deployment is named with who took it back',
      { mode: 'deploy', outcome: 'rolled-back', version: 'v2', causeActor: 'person:dave' },
      {},
      /^done already by dave: shop went back from v2/,
    ],
    ['is none where a deployment went forward', { mode: 'deploy' }, {}, /^goes on$/],
    ['is none where it was aborted before any user moved', { mode: 'deploy', outcome: 'aborted' }, {}, /^goes on$/],
  ])('%s', (_, change, request, says) => {
    ended(change);
    expect(asked(request)).toMatch(says);
  });

  it('is forgotten after five minutes, and not for a request that names what it saw', () => {
    ended({});
    flow.clock.advance(5 * 60_000);
    expect(asked()).toMatch(/^done already/);
    flow.clock.advance(1);
    expect([asked(), asked({ from: 'v3' })]).toEqual(['goes on', expect.stringContaining('from v3')]);
  });
});

describe('a rollback', () => {
  it('through the verb moves users once, and the second person learns by whom', async () => {
    const first = flow.people.rollback({ actor: bob });
    await flow.finish(first.ok ? first.value.id : '');
    const second = flow.people.rollback({ actor: bob });
    expect(second).toMatchObject({ ok: false, refusal: { code: 'already-decided' } });
    expect(flow.slots()).toMatchObject({ green: 'v2 active' });
  });
});
