// What the flow decides purely from values: gates, next moves, endings, what is due, what a balancer's account means.

import { describe, expect, it } from 'vitest';
import { judge } from '../../analysis/judge.ts';
import type { PlannedStep } from '../../domain/deployment.ts';
import { noCounts, type ObservedNode, type Routing } from '../../domain/routing.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import type { SlotRow } from '../../state/targets.ts';
import { fakeCapabilities } from '../../testing/fake-balancer.ts';
import { dueFor } from '../controller/retention.ts';
import { buildPlan } from '../plan/plan.ts';
import { compareRouting } from '../routing/drift.ts';
import { shareOf } from '../routing/routing.ts';
import { endingOf } from '../run/finish.ts';
import { nextMove } from '../run/next-move.ts';
import { ask, type GateFacts, gatesOfDeploy, gatesOfRollback, gatesOfSwitch, warningsOf } from './gates.ts';
import { noon, openFacts } from './testing/open-facts.ts';

const now = noon;
const open = openFacts;

const lock = {
  service: 'shop',
  target: 'production',
  owner: 'person:bob',
  reason: 'stock-taking',
  since: now - 600_000,
  until: now + 600_000,
};
const live = {
  requestedBy: 'person:bob',
  version: 'v2.0',
  requestedAt: now - 61_000,
  phase: 'watch',
  id: 'd_1',
} as DeploymentRow;
const quarantine = { version: 'v2.1', reason: 'wrong prices', by: 'person:bob', at: now };

describe('the gates of a deployment', () => {
  it.each<[string, Partial<GateFacts>, string]>([
    ['a stranger', { actor: { kind: 'stranger', name: 'U0EVE', door: 'slack' } }, 'not-in-team'],
    ['a process with another configuration than the driver', { otherDriver: 'bot (pid 7)' }, 'config-changed'],
    ['a release that does not exist', { releaseExists: false }, 'release-unknown'],
    ['the lock of another person', { lock }, 'target-locked'],
    ['who holds the lock', { lock: { ...lock, owner: 'person:alice' } }, 'target-locked'],
    [
      'a machine that brings back what was marked bad',
      { quarantine, actor: { kind: 'machine', name: 'ci', door: 'webhook' } },
      'quarantined',
    ],
    ['a target that is busy', { live }, 'target-busy'],
    ['a version that is live already', { version: 'v1.0' }, 'already-active'],
    ['a load balancer that does something else', { drift: 'users go to green' }, 'drifted'],
    [
      'a port that another instance has',
      { addressTaken: { sentence: 'the configuration gives port 1 to blue', hint: '' } },
      'port-taken',
    ],
    [
      'a stranger first, whatever else is wrong',
      { actor: { kind: 'stranger', name: 'x', door: 'cli' }, live, lock, releaseExists: false },
      'not-in-team',
    ],
  ])('refuse %s', (_, change, code) => {
    const answer = ask(gatesOfDeploy, { ...open, ...change });
    expect(answer).toMatchObject({ ok: false, refusal: { code } });
  });

  it.each<[string, Partial<GateFacts>]>([
    ['nothing in the way', {}],
    ['a person who brings back what was marked bad', { quarantine }],
    ['the same version, asked for as a redeploy', { version: 'v1.0', redeploy: true }],
    ['the first release of a target', { active: undefined }],
  ])('let pass %s', (_, change) => {
    expect(ask(gatesOfDeploy, { ...open, ...change }).ok).toBe(true);
  });

  it('say who, since when and what to do', () => {
    const refusalOf = (change: Partial<GateFacts>) => {
      const answer = ask(gatesOfDeploy, { ...open, ...change });
      return answer.ok ? undefined : answer.refusal;
    };
    expect(refusalOf({ lock })?.sentence).toMatch(/bob.*10 min.*12:10 UTC.*stock-taking/);
    expect(refusalOf({ live })?.sentence).toMatch(/bob.*v2\.0.*61 s.*watch/);
    expect(refusalOf({ releaseExists: false, nearestRelease: 'v2.0' })?.hint).toContain('v2.0');
  });

  it('a lock or a running deployment does not block the way back, a lock blocks a switch', () => {
    expect(ask(gatesOfRollback, { ...open, lock, live }).ok).toBe(true);
    expect(ask(gatesOfSwitch, { ...open, lock })).toMatchObject({ refusal: { code: 'target-locked' } });
    expect(ask(gatesOfRollback, { ...open, otherDriver: 'bot' })).toMatchObject({
      refusal: { code: 'config-changed' },
    });
  });

  it('warn of what a person may still do', () => {
    expect(warningsOf({ ...open, quarantine })).toEqual([expect.stringContaining('wrong prices')]);
    expect(
      warningsOf({ ...open, active: { slot: 'blue', version: 'v1.0', digest: 'd', condition: 'unhealthy' } }),
    ).toHaveLength(1);
    expect(warningsOf(open)).toEqual([]);
  });
});

describe('the next move', () => {
  const steps: PlannedStep[] = [{ name: 'promote' }, { name: 'verify-live' }];
  const plan = { mode: 'rollback', schema: [], steps } as const;
  it.each([
    [
      'without a plan is to plan',
      { plan: null, position: 0, direction: 'forward', finishedAt: null },
      { kind: 'plan' },
    ],
    [
      'given up before there was a plan is to finish',
      { plan: null, position: 0, direction: 'unwinding', finishedAt: null },
      { kind: 'finish' },
    ],
    [
      'in a plan is to run its step',
      { plan, position: 1, direction: 'forward', finishedAt: null },
      { kind: 'run', step: { name: 'verify-live' } },
    ],
    [
      'after the last step is to finish',
      { plan, position: 2, direction: 'forward', finishedAt: null },
      { kind: 'finish' },
    ],
    [
      'on the way back is to undo',
      { plan, position: 0, direction: 'unwinding', finishedAt: null },
      { kind: 'undo', step: { name: 'promote' } },
    ],
    [
      'before the first step is to finish',
      { plan, position: -1, direction: 'unwinding', finishedAt: null },
      { kind: 'finish' },
    ],
    ['of a finished deployment is none', { plan, position: 0, direction: 'forward', finishedAt: 1 }, { kind: 'none' }],
  ] as const)('%s', (_, row, move) => {
    expect(nextMove(row)).toEqual(move);
  });
});

describe('the ending', () => {
  const row = (change: Partial<DeploymentRow>): DeploymentRow =>
    ({
      direction: 'unwinding',
      mode: 'deploy',
      version: 'v2',
      fromVersion: 'v1',
      requestedBy: 'person:alice',
      promotedAt: null,
      causeCode: 'smoke-test-failed',
      cause: 'no',
      causeActor: 'engine',
      ...change,
    }) as DeploymentRow;
  it.each([
    ['forward', { direction: 'forward' }, { kind: 'promoted', code: 'deploy', sentence: 'v2 is live' }],
    [
      'a rollback that went through',
      { direction: 'forward', mode: 'rollback' },
      { kind: 'promoted', code: 'rollback', actor: 'person:alice' },
    ],
    ['a fault before promotion', {}, { kind: 'failed', code: 'smoke-test-failed' }],
    [
      'a fault after promotion',
      { promotedAt: 1, causeCode: 'side-crashed' },
      { kind: 'rolled-back', code: 'side-crashed' },
    ],
    [
      'given up before promotion',
      { causeCode: 'given-up', causeActor: 'person:bob' },
      { kind: 'aborted', actor: 'person:bob' },
    ],
    ['given up after promotion', { causeCode: 'given-up', promotedAt: 1 }, { kind: 'rolled-back' }],
    ['rejected', { causeCode: 'rejected' }, { kind: 'aborted' }],
    ['nobody decided', { causeCode: 'approval-expired' }, { kind: 'aborted' }],
    ['nothing to judge by', { causeCode: 'inconclusive' }, { kind: 'aborted' }],
    [
      'no reason was written',
      { causeCode: null, cause: null, causeActor: null },
      { kind: 'failed', code: 'unknown', actor: 'engine' },
    ],
  ] as const)('of %s', (_, change, ending) => {
    expect(endingOf(row(change as Partial<DeploymentRow>))).toMatchObject(ending);
  });
});

describe('what is due for a side that is retained', () => {
  const side = (change: Partial<SlotRow>): SlotRow =>
    ({ role: 'preview', label: null, keepUntil: now, ...change }) as SlotRow;
  it.each([
    ['a failed one: restore', { label: 'failed' }, 'restore'],
    ['an aborted one: restore', { label: 'aborted' }, 'restore'],
    ['a failed one whose time is not over: nothing', { label: 'failed', keepUntil: now + 1 }, 'nothing'],
    ['one that is kept for good: nothing', { label: 'failed', keepUntil: null }, 'nothing'],
    ['a standby: stop', { role: 'standby' }, 'stop'],
    ['a standby to be upgraded: upgrade', { role: 'standby', label: 'upgrading' }, 'upgrade'],
    ['the active side, whatever is written: nothing', { role: 'active', label: 'failed' }, 'nothing'],
    ['an empty slot: nothing', { role: 'idle' }, 'nothing'],
    ['a preview without a label: nothing', {}, 'nothing'],
  ] as const)('%s', (_, change, due) => {
    expect(dueFor(side(change as Partial<SlotRow>), now)).toBe(due);
  });
});

describe('routing that is observed, compared with what was decided', () => {
  const intent: Routing = { generation: 7, active: 'blue', canary: { slot: 'green', percent: 10 }, preview: 'green' };
  const node = (routing: Routing | undefined, reachable = true): ObservedNode => ({ node: 'n', reachable, routing });
  const blank: Routing = { generation: 0, active: undefined, canary: undefined, preview: undefined };
  it.each<[string, readonly ObservedNode[], string]>([
    ['the same', [node(intent)], 'same'],
    ['the same under a later generation', [node({ ...intent, generation: 9 })], 'same'],
    ['a balancer that came up empty', [node(blank)], 'lost'],
    ['one of two that came up empty', [node(intent), node(blank)], 'lost'],
    ['another active side', [node({ ...intent, active: 'green', canary: undefined })], 'drifted'],
    ['another share', [node({ ...intent, canary: { slot: 'green', percent: 20 } })], 'drifted'],
    ['no preview', [node({ ...intent, preview: undefined })], 'drifted'],
    [
      'one empty and one that drifted',
      [node(blank), node({ ...intent, active: 'green', canary: undefined })],
      'drifted',
    ],
    ['nobody who answers', [node(undefined, false)], 'unknown'],
    ['only those count who answer', [node(undefined, false), node(intent)], 'same'],
    ['no node at all', [], 'unknown'],
  ])('%s', (_, nodes, found) => {
    expect(compareRouting(intent, nodes)).toBe(found);
  });

  it('gives each side its share', () => {
    expect([shareOf(intent, 'blue'), shareOf(intent, 'green')]).toEqual([90, 10]);
    expect([
      shareOf({ ...intent, canary: undefined }, 'blue'),
      shareOf({ ...intent, canary: undefined }, 'green'),
    ]).toEqual([100, 0]);
    expect(shareOf({ ...intent, active: undefined, canary: undefined }, 'blue')).toBe(0);
  });
});

describe('the judge', () => {
  const rules = { minRequests: 50, maxErrorRate: 0.05 };
  const counts = (requests: number, errors: number) => ({ ...noCounts, requests, errors });
  it.each([
    ['no requests', 0, 0, 'Inconclusive'],
    ['too few, although all failed', 49, 49, 'Inconclusive'],
    ['enough and good', 50, 0, 'Successful'],
    ['exactly the limit', 100, 5, 'Successful'],
    ['just above it', 100, 6, 'Failed'],
    ['everything failed', 50, 50, 'Failed'],
  ])('of %s', (_, requests, errors, verdict) => {
    const judgement = judge({ stable: counts(1_000, 10), canary: counts(requests, errors) }, rules);
    expect(judgement.verdict).toBe(verdict);
    expect(judgement.sentence).toContain(String(requests));
  });

  it('reports both sides’ rates', () => {
    expect(judge({ stable: counts(1_000, 10), canary: counts(100, 20) }, rules).sentence).toMatch(
      /20 of 100.*20\.0 %.*1\.00 %.*5\.00 %/,
    );
  });
});

describe('a plan of every mode', () => {
  it('is walked by the next move from its first step to the end', () => {
    const plan = buildPlan({
      mode: 'deploy',
      settings: { canary: [{ percent: 10, watchMs: 1, approval: true }], bakeMs: 1, approval: {} } as never,
      balancer: {
        ...fakeCapabilities,
        counts: { traffic: async () => ({ blue: noCounts, green: noCounts, missed: 0 }), failures: async () => [] },
      },
      hasActive: true,
      warm: false,
      hold: true,
      schema: [],
    });
    const walked = plan.steps.map((_, position) =>
      nextMove({ plan, position, direction: 'forward', finishedAt: null }),
    );
    expect(walked.map((move) => (move.kind === 'run' ? move.step : undefined))).toEqual(plan.steps);
  });
});
