// A known person without the right, or with a name of nothing, is refused by every verb, changes nothing, and leaves an audit row.
// What only reads writes no row: it decides nothing, and a dashboard that asks each second would bury the decisions.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { type Asking, acts, layEverything, onTargets, reads, readsOfAll } from './testing/every-act.ts';
import { decidedRows, refusalOf } from './testing/refusals.ts';
import { createScriptedMigrator } from './testing/scripted-migrator.ts';
import { startTestEngine } from './testing/test-engine.ts';

/** In the list of people, and neither deployer, operator, approver nor author. */
const carol: Actor = { kind: 'person', id: 'carol', door: 'slack' };
/** What a person without a role may do all the same, and why. */
const forAllPeople: Readonly<Record<string, string>> = {
  rebuildState: 'it concerns all targets, and roles are per target; it changes nothing that users get',
  archiveAudit: 'it concerns the log of all targets, and loses no row',
  replay: 'a delivery belongs to no target; what it triggers passes the gates of builds',
  'migrations.tryOn': 'it changes a copy that the person names, and nothing of the target',
  'storedReleases.fetch': 'the disk of a service is shared by its targets; to deploy what is there needs the role',
  'storedReleases.pin': 'the disk of a service is shared by its targets',
  'storedReleases.unpin': 'the disk of a service is shared by its targets',
  'storedReleases.clearMark': 'where a deployment needs no approval; where it needs one, only an approver may',
  'storedReleases.prune': 'it deletes what the controller would delete in its next round',
};
/** About an approval that is asked for, and about a target on which no deployment runs. */
const elsewhere = ['approve', 'reject', 'extend', 'restoreRouting', 'adoptRouting'];
const needsRight = acts.filter(([name]) => forAllPeople[name] === undefined && !elsewhere.includes(name));

let flow: Flow;
let laid: Awaited<ReturnType<typeof layEverything>>;
beforeAll(async () => {
  const migrator = createScriptedMigrator();
  const target = '        approval: { approvers: [bob] }\n        roles: { deployers: [alice], operators: [] }';
  flow = await startFlow({ migrator, target });
  laid = await layEverything(flow, migrator);
});
afterAll(() => flow.close());

const log = () => ({ store: flow.process().core.store, audit: flow.people.audit });
const asking = (change: Partial<Asking> = {}): Asking => ({
  engine: flow.people,
  actor: carol,
  ref: {},
  ...laid,
  ...change,
});

describe('a known person', () => {
  it.each(needsRight)('without the right is refused by %s, with a row that names them', async (_, act) => {
    const answer = await codesOf(() => act(asking()));
    expect(['role-missing', 'not-approver']).toContain(answer.code);
    expect(answer).toMatchObject({
      changed: false,
      rows: [{ actor: 'person:carol', action: 'refused', code: answer.code }],
    });
  });

  it.each(elsewhere)('without the right is refused by %s, likewise', async (name) => {
    const testEngine = startTestEngine('        approval: { approvers: [bob] }');
    try {
      testEngine.serving();
      const { id: deployment } = name.endsWith('Routing') ? { id: '' } : testEngine.running('await-approval');
      const { engine, store } = testEngine;
      const act = acts.find(([each]) => each === name)?.[1];
      const there = { ...asking({ deployment }), engine };
      await refusalOf({ store, audit: engine.audit }, () => act!(there), 'not-approver');
    } finally {
      testEngine.remove();
    }
  });

  it.each(onTargets)('without the right learns from %s no more of a target that does not exist', async (_, act) => {
    const { sentence } = await refusalOf(log(), () => act(asking({ ref: { target: 'produktion' } })), 'target-unknown');
    expect(sentence).toContain('produktion');
  });

  it.each([
    ['cancelWaiting', 'no-such-request'],
    ['putFirst', 'no-such-request'],
    ['continueFrozen', 'no-such-deployment'],
    ['quickLook', 'no-such-deployment'],
    ['migrations.approveContract', 'no-such-contract'],
    ['migrations.rejectContract', 'no-such-contract'],
    ['replay', 'no-such-delivery'],
  ])('who names what does not exist is refused by %s', async (name, code) => {
    const act = acts.find(([each]) => each === name)?.[1];
    for (const none of ['x_nothing', 'x'.repeat(100_000), "'; DROP TABLE deployments; --"]) {
      const nothing = { actor: alice, deployment: none, contract: none, waiting: none };
      const { sentence } = await refusalOf(log(), () => act!(asking(nothing)), code);
      expect(sentence.length).toBeLessThan(150);
    }
  });

  it.each(Object.keys(forAllPeople))('may use %s without a role, as the table above says why', async (name) => {
    const act = acts.find(([each]) => each === name)?.[1];
    const { code } = await codesOf(() => act!(asking()));
    expect(['role-missing', 'not-approver']).not.toContain(code);
  });
});

describe('what only reads', () => {
  it.each(reads)('%s refuses a target that is not configured, and writes no row', async (_, act) => {
    const { code, changed, rows } = await codesOf(() => act(asking({ ref: { target: 'produktion' } })));
    expect({ code, changed, rows }).toEqual({ code: 'target-unknown', changed: false, rows: [] });
  });

  it('is either of one target, or named as one that is not', () => {
    expect(reads.filter(([name]) => name in readsOfAll)).toEqual([]);
  });
});

async function codesOf(act: () => ReturnType<(typeof acts)[number][1]>) {
  const { store, audit } = log();
  const [before, seq] = [decidedRows(store), flow.lastSeq()];
  const answer = await act();
  return {
    code: answer.ok ? 'ok' : answer.refusal.code,
    changed: decidedRows(store) !== before,
    rows: audit.after(seq, 10),
  };
}
