// Deployments that wait: behind the one that runs, and for a time. Each begins once, or ends with a reason that people see.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WaitingRequest, WaitingView } from '../../api/waiting.ts';
import type { Result } from '../../domain/refusal.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { setLock } from '../../state/targets.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { beginDue } from './begin-waiting.ts';
import { mostWaiting } from './policy.ts';

const codeOf = (answer: Result<unknown>): string => (answer.ok ? 'ok' : answer.refusal.code);
const stranger = { kind: 'stranger', name: 'U0EVE', door: 'slack' } as const;
const minuteMs = 60_000;

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

const request = (version: string, change: Partial<WaitingRequest> = {}) =>
  flow.people.request({ version, actor: alice, ...change });

function wait(version: string, change: Partial<WaitingRequest> = {}): WaitingView {
  const answer = request(version, change);
  if (!answer.ok) throw new Error(answer.refusal.sentence);
  if (answer.value.kind !== 'waiting') throw new Error(`${version} does not wait`);
  return answer.value.waiting;
}

/** As the controller does each second. */
function look(): void {
  const { core, target, lease } = flow.process();
  beginDue(core, target, lease());
}

const live = () => liveDeployment(flow.process().core.store.db, { service: 'shop', target: 'production' });
const waiting = () => {
  const found = flow.people.waiting({});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value;
};
const inOrder = () => waiting().now.map(({ version, place }) => `${version} ${place}`);

describe('behind a deployment that runs', () => {
  beforeEach(() => void flow.ask('v2'));

  it('a second one waits with its place and an estimate, and begins once when the first has ended', async () => {
    const view = wait('v3', { actor: bob, reason: 'new prices' });
    expect(view).toMatchObject({ status: 'queued', place: 1, requestedBy: 'person:bob', reason: 'new prices' });
    expect(view.expectedAt).toBeGreaterThan(flow.clock.now() - 1);
    expect(flow.story().at(-1)).toBe(
      'deployment-queued: bob asks to deploy shop v3 when the one that runs has ended: new prices',
    );
    expect(flow.people.target({})).toMatchObject({ value: { waiting: [{ id: view.id }] } });
    look();
    expect(live()?.version).toBe('v2');
    await flow.finish(live()?.id ?? '');
    look();
    look();
    expect(live()).toMatchObject({ version: 'v3', requestedBy: 'person:bob', reason: 'new prices' });
    expect(waiting()).toMatchObject({ now: [], ended: [{ status: 'deployed', deploymentId: live()?.id }] });
    expect(flow.actions().filter((action) => action === 'deployment-requested')).toHaveLength(3);
  });

  it('the same version again is answered with the one that waits', () => {
    const { id } = wait('v3');
    expect(wait('v3', { actor: bob }).id).toBe(id);
    expect(inOrder()).toEqual(['v3 1']);
  });

  it('the version that is being deployed does not wait for itself', () => {
    expect(codeOf(request('v2', { actor: bob }))).toBe('target-busy');
    expect(inOrder()).toEqual([]);
  });

  it('an override of a freeze does not wait: it is given for what begins at once', () => {
    expect(codeOf(request('v3', { overrideFreeze: true, reason: 'the outage' }))).toBe('not-allowed-now');
    expect(inOrder()).toEqual([]);
  });

  it('one that is urgent goes first, with its reason', () => {
    wait('v3');
    expect(codeOf(request('v1', { first: true }))).toBe('reason-missing');
    const urgent = wait('v1', { first: true, reason: 'fixes the outage' });
    expect(inOrder()).toEqual(['v1 1', 'v3 2']);
    expect(urgent.firstBecause).toBe('fixes the outage');
    const [, second] = waiting().now;
    flow.people.cancelWaiting(urgent.id, alice);
    const other = wait('v1');
    expect(codeOf(flow.people.putFirst(other.id, bob, ' '))).toBe('reason-missing');
    expect(codeOf(flow.people.putFirst(other.id, bob, 'the shop is down'))).toBe('ok');
    expect(inOrder()).toEqual(['v1 1', 'v3 2']);
    expect(second?.version).toBe('v3');
  });

  it('leaves the queue when a person cancels it, once', async () => {
    const { id } = wait('v3');
    expect(codeOf(flow.people.cancelWaiting(id, stranger))).toBe('not-in-team');
    expect(codeOf(flow.people.cancelWaiting(id, bob, 'not today'))).toBe('ok');
    expect(codeOf(flow.people.cancelWaiting(id, bob))).toBe('already-decided');
    expect(codeOf(flow.people.cancelWaiting('w_nothing', bob))).toBe('no-such-request');
    expect(flow.story()).toContain(
      'request-cancelled: bob cancels the deployment of v3 to shop, which alice asked for: not today',
    );
    await flow.finish(live()?.id ?? '');
    look();
    expect(live()).toBeUndefined();
  });

  it('is refused at its turn, with the reason, when a gate refuses it then', async () => {
    wait('v3');
    await flow.finish(live()?.id ?? '');
    flow.process().core.store.write((tx) => {
      const until = tx.now + 3_600_000;
      setLock(tx, { service: 'shop', target: 'production', owner: 'person:bob', reason: 'sale', since: tx.now, until });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
    });
    look();
    expect(live()).toBeUndefined();
    expect(waiting().ended[0]).toMatchObject({ status: 'refused', problem: expect.stringContaining('locked by bob') });
    expect(flow.actions().at(-1)).toBe('request-refused');
  });

  it('a machine does not queue as a person, and a version that does not exist is refused at once', () => {
    const ci = { kind: 'machine', name: 'ci', door: 'webhook' } as const;
    expect(codeOf(request('v3', { actor: ci }))).toBe('target-busy');
    expect(codeOf(request('v9'))).toBe('release-unknown');
    expect(codeOf(request('v3', { actor: stranger }))).toBe('not-in-team');
    expect(waiting().now).toEqual([]);
  });

  it('the queue is bounded', () => {
    for (let index = 0; index < mostWaiting; index += 1) {
      flow.layRelease(`v10.${index}`);
      wait(`v10.${index}`);
    }
    expect(codeOf(request('v3'))).toBe('queue-full');
  });

  it('a rollback does not wait', () => {
    wait('v3');
    expect(codeOf(flow.people.rollback({ actor: bob }))).toBe('ok');
  });
});

describe('for a time', () => {
  it('is shown, begins at its time, and once across a restart', () => {
    const view = wait('v2', { at: '22:00', zone: 'Europe/Berlin' });
    expect(view).toMatchObject({
      status: 'scheduled',
      place: undefined,
      due: { wall: '2026-01-05 22:00', zone: 'Europe/Berlin', at: Date.UTC(2026, 0, 5, 21) },
    });
    look();
    expect(live()).toBeUndefined();
    flow.clock.jump(Date.UTC(2026, 0, 5, 21) - flow.clock.now() - 1);
    look();
    expect(live()).toBeUndefined();
    flow.clock.jump(1);
    look();
    flow.restart();
    look();
    flow.clock.jump(-3_600_000);
    look();
    expect(live()?.version).toBe('v2');
    expect(flow.actions().filter((action) => action === 'deployment-requested')).toHaveLength(2);
  });

  it('is announced instead of begun when no controller ran for longer than the limit', () => {
    wait('v2', { at: '2026-01-05 22:00', zone: 'UTC' });
    flow.clock.jump(Date.UTC(2026, 0, 5, 22, 16) - flow.clock.now());
    look();
    look();
    expect(live()).toBeUndefined();
    expect(flow.story().at(-1)).toBe(
      'request-missed: v2, which alice asked for, is not deployed to shop: no controller ran at 2026-01-05 22:00 UTC, which is 16 min ago: it is too late to begin it',
    );
    expect(waiting().ended[0]?.status).toBe('missed');
  });

  it('is put first from its time on, with the reason', () => {
    const { id } = wait('v2', { at: '22:00', zone: 'UTC' });
    expect(codeOf(flow.people.putFirst(id, bob, ' '))).toBe('reason-missing');
    expect(flow.people.putFirst(id, bob, 'fixes the outage')).toMatchObject({
      ok: true,
      value: { status: 'scheduled', firstBecause: 'fixes the outage' },
    });
    expect(flow.story().at(-1)).toContain('from 2026-01-05 22:00 UTC on: fixes the outage');
  });

  it('is cancelled like one that waits', () => {
    const { id } = wait('v2', { at: '22:00', zone: 'UTC' });
    expect(codeOf(flow.people.cancelWaiting(id, bob))).toBe('ok');
    flow.clock.jump(24 * 60 * minuteMs);
    look();
    expect(live()).toBeUndefined();
  });

  it('waits in the queue when the target is busy at its time', async () => {
    wait('v3', { at: '22:00', zone: 'UTC' });
    flow.clock.jump(Date.UTC(2026, 0, 5, 22) - flow.clock.now());
    const id = flow.ask('v2');
    look();
    expect(inOrder()).toEqual(['v3 1']);
    await flow.finish(id);
    flow.clock.jump(3_600_000);
    look();
    expect(live()?.version).toBe('v3');
  });

  it('is refused at its time by the gates', () => {
    wait('v2', { at: '22:00', zone: 'UTC' });
    flow.process().core.store.write((tx) => {
      const until = tx.now + 24 * 3_600_000;
      setLock(tx, { service: 'shop', target: 'production', owner: 'person:bob', reason: 'sale', since: tx.now, until });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
    });
    flow.clock.jump(Date.UTC(2026, 0, 5, 22) - flow.clock.now());
    look();
    expect(waiting().ended[0]).toMatchObject({ status: 'refused', problem: expect.stringContaining('locked by bob') });
  });

  it.each([
    ['over', '2026-01-05 08:59', 'UTC'],
    ['too far away', '2026-12-01 22:00', 'UTC'],
    ['no time', 'tomorrow', 'UTC'],
    ['no date', '2026-02-30 10:00', 'UTC'],
    ['in no zone', '22:00', '+01:00'],
  ])('%s is refused', (_, at, zone) => {
    expect(codeOf(request('v2', { at, zone }))).toBe('text-invalid');
  });

  it('says what a change of the clock moves', () => {
    const view = wait('v2', { at: '2026-03-29 02:30', zone: 'Europe/Berlin' });
    expect(view.notes).toEqual(['2026-03-29 02:30 does not exist in Europe/Berlin: it begins at 2026-03-29 03:00']);
  });
});
