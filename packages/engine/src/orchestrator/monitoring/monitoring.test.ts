// What alerts do to a target: within their limits, once for each firing, through the verbs that people use.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CalledAlert, CallResult, MonitoringCall } from '../../api/monitoring.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { readQuarantine, setLock } from '../../state/targets.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { readSuspension } from '../gates/suspension.ts';
import { settleDue } from './due.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const monitoring = `
monitoring:
  - name: prometheus
    sender: alertmanager
    rules:
      - { act: rollback, service: shop, labels: { alertname: [HighErrorRate, Slow] }, afterPromotion: 10m, atMost: 2, within: 2h }
      - { act: rollback, service: shop, labels: { alertname: Flaky }, alertAge: 2m }
      - { act: pause, service: shop, labels: { alertname: Disk }, lift: true, atMost: 9 }
      - { act: lock, service: shop, target: production, labels: { alertname: Outage, env: prod }, for: 2h, lift: true, atMost: 9 }
      - { act: lock, service: shop, labels: { alertname: Sticky } }
  - name: night-watch
    sender: script
    rules:
      - { act: rollback, service: shop, afterPromotion: 10m }
`;

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ file: monitoring });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

const key = { service: 'shop', target: 'production' } as const;
const live = () => liveDeployment(flow.process().core.store.db, key);
const now = () => flow.clock.now();
const alert = (alertname: string, change: Partial<CalledAlert> = {}): CalledAlert => ({
  status: 'firing',
  title: alertname,
  labels: { alertname, env: 'prod' },
  startsAt: now(),
  ...change,
});
const call = (alerts: readonly CalledAlert[], change: Partial<MonitoringCall> = {}): readonly CallResult[] =>
  flow.people.monitoring.take({ caller: 'prometheus', group: alerts[0]?.labels.alertname ?? '', alerts, ...change });
const states = (results: readonly CallResult[]) =>
  results.map(({ act, state, code }) => [act, state, code ?? ''].join(' ').trim());
const refused = () => flow.actions().filter((action) => action === 'refused').length;

/** v2 has 10 % of the users. */
async function inCanary(version = 'v2'): Promise<string> {
  const id = flow.ask(version);
  await flow.at(id, 'watch');
  return id;
}
async function inBake(version = 'v2'): Promise<string> {
  const id = flow.ask(version);
  await flow.at(id, 'bake');
  return id;
}
const isMarked = (id: string): boolean =>
  readQuarantine(flow.process().core.store.db, flow.row(id).digest ?? '') !== undefined;

describe('a rollback that an alert asks for', () => {
  it('takes a canary back, marks the release bad, suspends the automation and says so', async () => {
    const id = await inCanary();
    const [result] = call([alert('HighErrorRate')]);
    expect(result).toMatchObject({ act: 'rollback', target: 'shop', state: 'done', deployment: id });
    expect(flow.story().at(-1)).toBe(
      'monitor-called: Alertmanager (prometheus) asked for a rollback of shop: HighErrorRate',
    );
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'aborted', code: 'given-up', actor: 'monitor:prometheus' });
    expect(outcome?.sentence).toBe('aborted by prometheus: HighErrorRate');
    expect(isMarked(id)).toBe(true);
    expect(readSuspension(flow.process().core.store.db, key)).toMatchObject({ by: 'monitor:prometheus' });
    expect(flow.slots()).toMatchObject({ blue: 'v1 active' });
  });

  it('takes a release back during its bake', async () => {
    const id = await inBake();
    call([alert('Slow')]);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back' });
    expect(isMarked(id)).toBe(true);
  });

  it('takes it back for ten minutes after promotion where the rule says so, by a deployment of its own', async () => {
    await flow.finish(await inBake());
    flow.clock.advance(5 * minuteMs);
    const [result] = call([alert('HighErrorRate')]);
    expect(result?.state).toBe('done');
    const back = flow.row(result?.deployment ?? '');
    expect(back).toMatchObject({ mode: 'rollback', requestedBy: 'monitor:prometheus', version: 'v1' });
    expect((await flow.finish(back.id)).outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    expect(flow.slots()).toMatchObject({ blue: 'v1 active' });
  });

  it('is refused later, with a sentence and an audit row, and changes nothing', async () => {
    await flow.finish(await inBake());
    flow.clock.advance(hourMs);
    const [result] = call([alert('HighErrorRate')]);
    expect(result).toMatchObject({ state: 'refused', code: 'call-out-of-time' });
    expect(result?.sentence).toMatch(
      /^v2 has had all users of shop for .*; this rule takes a release back for 10 min$/,
    );
    expect(flow.story().at(-1)).toBe(`refused: rollback: ${result?.sentence}`);
    expect(live()).toBeUndefined();
  });

  it('is refused for an alert that fired before the release was asked for', async () => {
    const startsAt = now();
    flow.clock.advance(minuteMs);
    await inCanary();
    expect(states(call([alert('HighErrorRate', { startsAt })]))).toEqual(['rollback refused call-out-of-time']);
    // A new instance of the same alert does speak against it.
    expect(states(call([alert('HighErrorRate', { startsAt }), alert('HighErrorRate')]))).toEqual(['rollback done']);
  });

  it('is refused before the new side has users', async () => {
    flow.ask('v2');
    expect(states(call([alert('HighErrorRate')]))).toEqual(['rollback refused call-out-of-time']);
  });

  it('does nothing twice: not repeated, not by another alert of the same trouble, not after a restart', async () => {
    const id = await inCanary();
    const first = alert('HighErrorRate');
    expect(states(call([first]))).toEqual(['rollback done']);
    flow.clock.advance(1);
    expect(states(call([first]))).toEqual(['rollback known']);
    expect(states(call([first, alert('HighErrorRate')]))).toEqual(['rollback nothing']);
    flow.restart();
    expect(states(call([first]))).toEqual(['rollback known']);
    expect(flow.actions().filter((action) => action === 'abort-asked')).toHaveLength(1);
    await flow.finish(id);
    // Its end is in time for v1, too, which has nothing to do with it.
    expect(call([alert('Slow', { startsAt: first.startsAt })])).toMatchObject([
      { state: 'nothing', sentence: expect.stringMatching(/^v2, which had users of shop, was taken back at /) },
    ]);
    expect(live()).toBeUndefined();
  });

  it('happens as often as its rule allows in the period, and again after it', async () => {
    for (const version of ['v2', 'v3']) {
      const id = await inCanary(version);
      expect(states(call([alert('HighErrorRate', { startsAt: now() })]))).toEqual(['rollback done']);
      await flow.finish(id);
      flow.clock.advance(minuteMs);
    }
    flow.layRelease('v4');
    await inCanary('v4');
    const [third] = call([alert('HighErrorRate')]);
    expect(third).toMatchObject({ state: 'refused', code: 'call-limit' });
    expect(third?.sentence).toBe('prometheus may ask for a rollback of shop 2 times in 2 h 0 min, and has done so');
    flow.clock.advance(2 * hourMs);
    expect(states(call([alert('HighErrorRate')]))).toEqual(['rollback done']);
  });
});

describe('an alert that must have fired for a while', () => {
  const due = () => settleDue(flow.process().core, flow.process().lease());

  it('waits, and acts once when it is old enough, whichever process drives then', async () => {
    const id = await inCanary();
    const [waits] = call([alert('Flaky')]);
    expect(waits?.state).toBe('waiting');
    expect(waits?.sentence).toMatch(/^rollback of shop waits until Flaky has fired for 120 s|2 min/);
    due();
    expect(flow.row(id).direction).toBe('forward');
    flow.restart();
    flow.clock.advance(2 * minuteMs);
    due();
    due();
    expect(flow.actions().filter((action) => action === 'abort-asked')).toHaveLength(1);
    expect((await flow.finish(id)).outcome).toMatchObject({ actor: 'monitor:prometheus' });
  });

  it('does nothing when it is resolved before', async () => {
    const id = await inCanary();
    const flaky = alert('Flaky');
    call([flaky]);
    expect(call([{ ...flaky, status: 'resolved' }])).toMatchObject([
      { state: 'resolved', sentence: 'Flaky was resolved before it was old enough: nothing is done to shop' },
    ]);
    flow.clock.advance(3 * minuteMs);
    due();
    expect(flow.row(id).direction).toBe('forward');
    // The call that fired arrives late.
    expect(states(call([flaky]))).toEqual(['rollback known']);
  });

  it('is asked again about everything at its time', async () => {
    const id = await inCanary();
    call([alert('Flaky')]);
    flow.people.abort({ id }, alice);
    await flow.finish(id);
    flow.clock.advance(3 * minuteMs);
    due();
    expect(live()).toBeUndefined();
    expect(flow.actions()).not.toContain('monitor-called');
  });
});

describe('a pause', () => {
  it('holds the deployment, and its end lifts it', async () => {
    const id = await inCanary();
    const disk = alert('Disk');
    expect(states(call([disk]))).toEqual(['pause done']);
    expect(flow.row(id).pausedBy).toBe('monitor:prometheus');
    expect(call([{ ...disk, status: 'resolved' }])).toMatchObject([
      { state: 'lifted', sentence: 'v2 goes on: Disk is resolved' },
    ]);
    expect(flow.row(id).pausedAt).toBeNull();
    expect(flow.story().at(-1)).toBe('monitor-lifted: v2 goes on: Disk is resolved');
  });

  it('that a person made, or made again, is not lifted', async () => {
    const id = await inCanary();
    const disk = alert('Disk');
    call([disk]);
    flow.people.resume({ id }, alice);
    flow.people.pause({ id }, bob);
    expect(states(call([{ ...disk, status: 'resolved' }]))).toEqual(['pause resolved']);
    expect(flow.row(id).pausedBy).toBe('person:bob');
  });

  it('is refused where nothing runs', () => {
    expect(states(call([alert('Disk')]))).toEqual(['pause refused call-out-of-time']);
  });
});

describe('a lock', () => {
  const lockOf = () => {
    const found = flow.people.target({});
    return found.ok ? found.value.lock : undefined;
  };

  it('keeps people from deploying until its alerts are resolved', () => {
    const outage = alert('Outage');
    expect(states(call([outage]))).toEqual(['lock done']);
    expect(flow.people.deploy({ version: 'v2', actor: alice })).toMatchObject({
      refusal: { code: 'target-locked', sentence: expect.stringContaining('locked by prometheus') },
    });
    expect(states(call([{ ...outage, status: 'resolved' }]))).toEqual(['lock lifted']);
    expect(lockOf()).toBeUndefined();
  });

  it('is lifted by the last of several groups', () => {
    const [one, two] = [alert('Outage'), alert('Outage', { startsAt: now() + 1 })];
    call([one], { group: 'one' });
    call([two], { group: 'two' });
    expect(states(call([{ ...one, status: 'resolved' }], { group: 'one' }))).toEqual(['lock resolved']);
    expect(lockOf()).toBeDefined();
    expect(states(call([{ ...two, status: 'resolved' }], { group: 'two' }))).toEqual(['lock lifted']);
  });

  it('is left alone where a person holds one, and where the rule does not lift', () => {
    const { core } = flow.process();
    const sticky = alert('Sticky');
    call([sticky]);
    expect(states(call([{ ...sticky, status: 'resolved' }]))).toEqual(['lock resolved']);
    expect(lockOf()).toMatchObject({ owner: 'monitor:prometheus' });
    core.store.write((tx) => {
      setLock(tx, { ...key, owner: 'person:bob', reason: 'quiet', since: now(), until: now() + hourMs });
      tx.audit({ actor: 'person:bob', action: 'locked', sentence: 'locks', detail: { until: 1 } });
    });
    expect(states(call([alert('Outage')]))).toEqual(['lock nothing']);
  });
});

describe('who may ask', () => {
  it('labels of a rule must all fit', () => {
    expect(call([alert('Outage', { labels: { alertname: 'Outage', env: 'test' } })])).toEqual([]);
    expect(call([alert('Other')])).toEqual([]);
    expect(call([alert('Outage', { labels: JSON.parse('{"__proto__":{"alertname":"Outage"}}') })])).toEqual([]);
    expect(flow.people.monitoring.take({ caller: 'unknown', group: 'g', alerts: [alert('Outage')] })).toEqual([]);
  });

  it('a script hears that no rule allows it, and the audit log has it', async () => {
    const ask = (act: string, target?: string) =>
      call([alert('night')], { caller: 'night-watch', asked: { act, service: 'shop', target } });
    const before = refused();
    expect(states(ask('lock'))).toEqual(['lock refused call-not-allowed']);
    expect(states(ask('rollback', 'staging'))).toEqual(['rollback refused target-unknown']);
    expect(refused() - before).toBe(2);
    await inCanary();
    expect(states(ask('rollback'))).toEqual(['rollback done']);
    expect(flow.story().at(-1)).toContain('A script (night-watch) asked for a rollback of shop: night');
  });
});
