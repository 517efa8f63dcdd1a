// Every gate, one by one: it refuses with one code, says what it read in a sentence and what to do in a hint, lets pass
// otherwise, and refuses no more than its own fact. What the verb makes of it is an audit row, and nothing else.

import { afterEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { acquireLease } from '../../state/leases.ts';
import { driftKey, putSnapshot, unknownStateKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { addQuarantine, setLock } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { notFrozen, switchNotFrozen } from '../calendar/gate.ts';
import { refusalOf } from '../verbs/testing/refusals.ts';
import { alice, ci, digestOf, startTestEngine, type TestEngine } from '../verbs/testing/test-engine.ts';
import {
  addressFree,
  ask,
  type Gate,
  type GateFacts,
  gatesOfDeploy,
  gatesOfRollback,
  gatesOfSwitch,
  inTeam,
  markSentence,
  noLiveDeployment,
  notActiveAlready,
  notContracting,
  notDrifted,
  notLocked,
  notQuarantined,
  notSuspended,
  refuseMarked,
  releaseKnown,
  sameConfiguration,
  stateKnown,
} from './gates.ts';
import { mayDeploy, mayOperate } from './roles.ts';
import { noon, openFacts } from './testing/open-facts.ts';

const now = noon;
const open = openFacts;
const lock = { ...shop, owner: 'person:bob', reason: 'stock-taking', since: now - 120_000, until: now + 600_000 };
const live = { requestedBy: 'machine:ci', version: 'v2.0', requestedAt: now - 120_000, phase: 'bake', id: 'd_7' };
const frozen: GateFacts['frozen'] = {
  names: ['sale'],
  until: Date.parse('2026-03-02T08:00:00Z'),
  sentence: 'the freeze sale lasts until 2026-03-02 08:00 UTC',
  override: 'approvers',
  keys: ['sale@1'],
};
const suspension = { by: 'person:bob', reason: 'a look first', since: now - 120_000, deploymentId: undefined };
const mark = { version: 'v2.1', reason: 'wrong prices', by: 'person:bob', at: now };
const approvalOf = (approver: string) => ({ ...openFacts.rules.approval, approvers: [approver] });
const eve: Actor = { kind: 'stranger', name: 'U0EVE', door: 'slack' };

interface Case {
  readonly gate: Gate;
  readonly code: RefusalCode;
  readonly refuses: Partial<GateFacts>;
  readonly sentence: RegExp;
  readonly hint: RegExp;
  readonly passes: readonly Partial<GateFacts>[];
  /** Another gate that its fact cannot pass either. */
  readonly refusedBy?: string;
}

const cases: Readonly<Record<string, Case>> = {
  inTeam: {
    gate: inTeam,
    code: 'not-in-team',
    refuses: { actor: eve },
    sentence: /^U0EVE is not in the list of people/,
    hint: /`people`/,
    passes: [{ actor: ci }, { actor: { kind: 'engine' } }],
  },
  sameConfiguration: {
    gate: sameConfiguration,
    code: 'config-changed',
    refuses: { otherDriver: 'bot (pid 7)' },
    sentence: /^bot \(pid 7\) drives with another configuration/,
    hint: /same bluegreen\.yaml/,
    passes: [],
  },
  mayDeploy: {
    gate: mayDeploy,
    code: 'role-missing',
    refuses: { rules: { ...open.rules, roles: { deployers: ['bob'], operators: undefined } } },
    sentence: /^alice is not a deployer of shop/,
    hint: /^Deployers: bob\.$/,
    passes: [{ rules: { ...open.rules, roles: { deployers: ['alice'], operators: [] } } }, { actor: ci }],
  },
  mayOperate: {
    gate: mayOperate,
    code: 'role-missing',
    refuses: { rules: { approval: approvalOf('carol'), roles: { deployers: ['bob'], operators: ['dave'] } } },
    sentence: /^alice is neither an operator nor a deployer of shop/,
    hint: /^Operators: dave; deployers: bob\.$/,
    passes: [
      { rules: { approval: approvalOf('carol'), roles: { deployers: ['bob'], operators: ['alice'] } } },
      { rules: { approval: approvalOf('alice'), roles: { deployers: ['bob'], operators: [] } } },
    ],
    refusedBy: 'mayDeploy',
  },
  stateKnown: {
    gate: stateKnown,
    code: 'state-unknown',
    refuses: { unknownState: 'blue does not answer' },
    sentence: /the state of shop was lost.*blue does not answer/,
    hint: /bg adopt <slot> <version>/,
    passes: [],
  },
  releaseKnown: {
    gate: releaseKnown,
    code: 'release-unknown',
    refuses: { releaseExists: false, nearestRelease: 'v2.0' },
    sentence: /no release v2\.1/,
    hint: /nearest known one is v2\.0/,
    passes: [{ releaseExists: false, isAwaited: true }],
  },
  notActiveAlready: {
    gate: notActiveAlready,
    code: 'already-active',
    refuses: { version: 'v1.0' },
    sentence: /^v1\.0 is what shop runs already/,
    hint: /--redeploy/,
    passes: [{ version: 'v1.0', redeploy: true }, { active: undefined }],
  },
  noLiveDeployment: {
    gate: noLiveDeployment,
    code: 'target-busy',
    refuses: { live: live as DeploymentRow },
    sentence: /ci has been deploying v2\.0 for 2 min \(bake\)/,
    hint: /abort \(d_7\)/,
    passes: [],
  },
  notLocked: {
    gate: notLocked,
    code: 'target-locked',
    refuses: { lock },
    sentence: /locked by bob for 2 min, until 2026-03-01 12:10 UTC: stock-taking/,
    hint: /Ask bob/,
    passes: [],
  },
  notContracting: {
    gate: notContracting,
    code: 'target-busy',
    refuses: { contracting: { migrations: '001_cents', next: 'It runs.' } },
    sentence: /schema of shop is being contracted \(001_cents\)/,
    hint: /has ended\. It runs\.$/,
    passes: [],
  },
  notDrifted: {
    gate: notDrifted,
    code: 'drifted',
    refuses: { drift: 'users go to green' },
    sentence: /has drifted: users go to green/,
    hint: /bg routing restore.*bg routing adopt/,
    passes: [],
  },
  addressFree: {
    gate: addressFree,
    code: 'port-taken',
    refuses: {
      addressTaken: { sentence: 'port 31002 is in use by blue', hint: 'See `bg config check`.' },
    },
    sentence: /port 31002 is in use by blue/,
    hint: /bg config check/,
    passes: [],
  },
  notFrozen: {
    gate: notFrozen,
    code: 'target-frozen',
    refuses: { frozen },
    refusedBy: 'switchNotFrozen',
    sentence: /^shop is frozen: the freeze sale lasts until 2026-03-02 08:00 UTC$/,
    hint: /--override-freeze --reason/,
    passes: [{ frozen, freezeOverride: { reason: 'outage', notApprover: undefined } }],
  },
  switchNotFrozen: {
    gate: switchNotFrozen,
    code: 'target-frozen',
    refuses: { frozen },
    refusedBy: 'notFrozen',
    sentence: /^shop is frozen: the freeze sale lasts until 2026-03-02 08:00 UTC$/,
    hint: /refuses no rollback/,
    passes: [],
  },
  notSuspended: {
    gate: notSuspended,
    code: 'target-suspended',
    refuses: { suspension, actor: ci },
    sentence: /^the automation of shop has been suspended by bob for 2 min: a look first/,
    hint: /bg unsuspend/,
    passes: [{ suspension }, { suspension, actor: { kind: 'engine' } }],
  },
  notQuarantined: {
    gate: notQuarantined,
    code: 'quarantined',
    refuses: { quarantine: mark, actor: ci },
    sentence: /^v2\.1 was marked bad by bob at 2026-03-01 12:00 UTC: wrong prices/,
    hint: /bg release clear v2\.1/,
    passes: [{ quarantine: mark }, { quarantine: mark, actor: { kind: 'engine' } }, { actor: ci }],
  },
};

describe('a gate', () => {
  it.each(Object.entries(cases))('%s refuses its own fact with one code, a sentence and a way out', (_, each) => {
    const answer = each.gate({ ...open, ...each.refuses });
    expect(answer).toMatchObject({ ok: false, refusal: { code: each.code } });
    if (answer.ok) return;
    expect(answer.refusal.sentence).toMatch(each.sentence);
    expect(answer.refusal.hint).toMatch(each.hint);
    expect(`${answer.refusal.sentence}${answer.refusal.hint}`).not.toMatch(/undefined|null|\[object/);
  });

  it.each(Object.entries(cases))(
    '%s lets pass what it does not refuse, and the facts of every other gate',
    (name, each) => {
      const others = Object.entries(cases).flatMap(([other, { refuses, refusedBy }]) =>
        other === name || refusedBy === name ? [] : [refuses],
      );
      for (const facts of [{}, ...each.passes, ...others])
        expect(each.gate({ ...open, ...facts }), JSON.stringify(facts)).toEqual({ ok: true, value: undefined });
    },
  );

  it('of a lock names the lock’s owner as the one who may end it, also to the owner', () => {
    const own = notLocked({ ...open, lock: { ...lock, owner: 'person:alice' } });
    expect(own).toMatchObject({ ok: false, refusal: { hint: 'It is your own lock: unlock it first.' } });
  });

  it('of a mark names the version that was marked, where another has the same files', () => {
    expect(markSentence('v2.2', mark)).toMatch(/^v2\.2 has the files of v2\.1, which was marked bad by bob/);
    expect(refuseMarked('v2.2', undefined)).toBeUndefined();
  });

  it('of a release that does not exist names no nearest one where there is none', () => {
    expect(releaseKnown({ ...open, releaseExists: false })).toMatchObject({
      refusal: { hint: 'See the releases folder of the service.' },
    });
  });
});

describe('the gates of a verb', () => {
  const verbs = { deploy: gatesOfDeploy, switch: gatesOfSwitch, rollback: gatesOfRollback };
  const nameOf = (gate: Gate): string =>
    Object.entries(cases).find((each) => each[1].gate === gate)?.[0] ?? 'a gate without a case above';

  it.each(Object.entries(verbs))('%s ask who it is before anything that says something of the state', (_, gates) => {
    expect(gates.slice(0, 2).map(({ gate }) => nameOf(gate))).toEqual(['inTeam', 'sameConfiguration']);
  });

  it.each(Object.entries(verbs))('%s are each reached with nothing else in the way', (_, gates) => {
    for (const { gate } of gates) {
      expect(Object.keys(cases)).toContain(nameOf(gate));
      const { refuses, code } = cases[nameOf(gate)] as Case;
      expect(ask(gates, { ...open, ...refuses })).toMatchObject({ refusal: { code } });
    }
    expect(ask(gates, open)).toEqual({ ok: true, value: undefined });
  });

  it('rollback hold up no one for a lock, a deployment, drift, a contract or a mark', () => {
    expect(gatesOfRollback.map(({ gate }) => nameOf(gate))).toEqual(['inTeam', 'sameConfiguration', 'mayOperate']);
  });
});

describe('what a gate refuses, through the verb', () => {
  let testEngine: TestEngine;
  afterEach(() => testEngine.remove());

  const write = (change: (tx: Tx) => void): void =>
    testEngine.store.write((tx) => {
      change(tx);
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });

  it.each<[code: RefusalCode, given: () => void, actor: Actor, version: string]>([
    [
      'config-changed',
      () =>
        void acquireLease(testEngine.store.db, {
          name: 'driver',
          holder: 'bot (pid 7)',
          configDigest: 'another',
          clock: testEngine.clock,
        }),
      alice,
      'v2.1',
    ],
    [
      'state-unknown',
      () => write((tx) => putSnapshot(tx.db, unknownStateKey(shop), { why: 'no answer' }, tx.now)),
      alice,
      'v2.1',
    ],
    [
      'drifted',
      () =>
        write((tx) =>
          putSnapshot(
            tx.db,
            driftKey(shop),
            { print: 'x', view: { id: '1', since: 1, blocks: true, sentence: 'users go to green', nodes: [] } },
            tx.now,
          ),
        ),
      alice,
      'v2.1',
    ],
    ['release-unknown', () => undefined, alice, 'v9'],
    [
      'target-locked',
      () =>
        write((tx) =>
          setLock(tx, { ...shop, owner: 'person:bob', reason: 'x', since: tx.now, until: tx.now + 60_000 }),
        ),
      alice,
      'v2.1',
    ],
    [
      'quarantined',
      () =>
        write((tx) =>
          addQuarantine(tx, {
            service: 'shop',
            version: 'v2.1',
            digest: digestOf('v2.1'),
            reason: 'x',
            by: 'engine',
            at: tx.now,
          }),
        ),
      ci,
      'v2.1',
    ],
    ['already-active', () => undefined, alice, 'v1.0'],
  ])('%s changes nothing and is one row with that code', async (code, given, actor, version) => {
    testEngine = startTestEngine();
    testEngine.serving();
    given();
    const { engine, store } = testEngine;
    await refusalOf({ store, audit: engine.audit }, () => engine.deploy({ version, actor }), code);
  });
});
