// Smoke tests that run on after the deployment: what is tested, what a failure leads to on each side, what is audited.

import { afterEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../../domain/target.ts';
import { liveDeployment } from '../../../state/deployments.ts';
import { type Flow, shortPlan, startFlow } from '../../../testing/flow.ts';
import { guardLiveSide } from '../guard/guard.ts';
import { superviseSlot } from '../slot-health.ts';
import { watchReadiness } from '../watch-readiness.ts';
import { smokeContinuously, smokeTarget } from './run-continuously.ts';

let flow: Flow;
afterEach(() => flow.close());

const place = (slot: SlotName) => ({ service: 'shop', target: 'production', slot });
const live = () => liveDeployment(flow.process().core.store.db, flow.process().target.key);

interface Serving {
  /** More of the rule of continuous smoke tests. */
  readonly rule?: string;
  readonly options?: string;
  readonly tests?: string;
}

/** v1 is the standby in blue, v2 is live in green. */
async function serving({ rule = '', options = '', tests }: Serving = {}): Promise<void> {
  const lines = `${shortPlan}\n    health: { interval: 1s, failures: 2 }\n    continuousSmoke: { interval: 2s${rule} }${options}`;
  flow = await startFlow({ options: lines, ...(tests === undefined ? {} : { target: `        smokeTests:${tests}` }) });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  flow.clock.advance(60_000);
  await rounds(1);
}

/** What the supervisor and the smoke tests do, an interval apart. */
async function rounds(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const { core, target, lease } = flow.process();
    const context = { core, target, lease: lease(), signal: new AbortController().signal };
    for (const slot of ['blue', 'green'] as const) await flow.passing(superviseSlot({ ...context, slot }));
    await flow.passing(smokeTarget(context, context.signal));
    await flow.passing(guardLiveSide(context));
    watchReadiness(context);
    flow.clock.advance(2_000);
  }
}

/** From now on every answer but that of its health is of this status. */
const answer = (version: string, status: number) => flow.environments.machine.behave(version, { status });
const since = (seq: number) =>
  flow.story(seq).filter((row) => /^(smoke-changed|readiness-changed|guard-|health-changed)/.test(row));
const smoke = (slot: SlotName) => {
  const found = flow.people.target({});
  return found.ok ? found.value.slots.find((each) => each.slot === slot)?.smoke : undefined;
};

describe('continuous smoke tests', () => {
  it('show their result with its time on both sides, and audit nothing while it stays the same', async () => {
    await serving();
    const seq = flow.lastSeq();
    await rounds(3);
    expect(smoke('green')).toMatchObject({ condition: 'passing', passed: 1, of: 1, problem: undefined });
    expect(smoke('blue')).toMatchObject({ condition: 'passing', at: flow.clock.now() - 2_000 });
    expect(since(seq)).toEqual([]);
  });

  it('call a person by default when the live side fails as often in a row as the rule says, once', async () => {
    await serving();
    const seq = flow.lastSeq();
    answer('v2', 500);
    await rounds(2);
    expect(since(seq)).toEqual([]);
    expect(smoke('green')).toMatchObject({ condition: 'passing', passed: 0 });
    await rounds(4);
    const problem = 'smoke test "front page": expected status 200, got 500';
    expect(since(seq)).toEqual([
      expect.stringContaining(
        `smoke-changed: v2 in green (active) failed its smoke tests 3 times in a row: ${problem}`,
      ),
      expect.stringMatching(
        /^guard-paged: v2 in green fails its smoke tests again and again \(smoke test "front page": .*\); the guard only pages a person for this$/,
      ),
    ]);
    expect(live()).toBeUndefined();
    answer('v2', 200);
    await rounds(2);
    expect(since(seq).slice(2)).toEqual([
      'smoke-changed: v2 in green (active) passes its smoke tests again (1 of 1)',
      'guard-ended: v2 in green is live and healthy',
    ]);
  });

  it('give the users to the standby that passes where the guard is asked to, and mark the release bad', async () => {
    await serving({ options: '\n    guard: { smokeTests: rollback }' });
    answer('v2', 500);
    await rounds(4);
    const begun = live();
    expect(begun).toMatchObject({ mode: 'rollback', version: 'v1', requestedBy: 'engine' });
    expect((await flow.finish(begun?.id ?? '')).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'v2 standby (failed)' });
    expect(flow.actions()).toContain('release-marked-bad');
  });

  it('of a fault that both sides share move no user and call a person', async () => {
    await serving({ options: '\n    guard: { smokeTests: rollback }' });
    const seq = flow.lastSeq();
    for (const version of ['v1', 'v2']) answer(version, 500);
    await rounds(6);
    expect(live()).toBeUndefined();
    expect(flow.actions(seq).filter((action) => action.startsWith('guard-'))).toEqual(['guard-paged']);
    expect(flow.balancers.nodes[0]?.routing.active).toBe('green');
  });

  it('restart the side at most as often as the guard may act; the new process is tested from the beginning', async () => {
    await serving({ options: '\n    guard: { smokeTests: restart, atMost: 2 }' });
    const [seq, starts] = [flow.lastSeq(), flow.environments.story.length];
    answer('v2', 500);
    for (let times = 0; times < 4; times += 1) {
      await rounds(5);
      flow.clock.advance(60_000);
    }
    const restarted = flow.environments.story.slice(starts).filter((row) => row === 'start v2 in green');
    expect(restarted).toHaveLength(2);
    expect(flow.actions(seq).filter((action) => action.startsWith('guard-'))).toEqual([
      'guard-acted',
      'guard-acted',
      'guard-exhausted',
    ]);
    expect(flow.actions(seq).filter((action) => action === 'smoke-changed')).toHaveLength(1);
  });

  it('that fail on the live side are left alone where the guard is off', async () => {
    await serving({ options: '\n    guard: { smokeTests: off }' });
    const seq = flow.lastSeq();
    answer('v2', 500);
    await rounds(6);
    expect(since(seq).map((row) => row.split(':')[0])).toEqual(['smoke-changed']);
  });

  it.each([
    ['slow', 'blue v1 fails its smoke tests and is started again first, about '],
    ['blocked', 'blue v1 fails its smoke tests: smoke test "front page": '],
  ])(
    'of the standby make a rollback %s, which is announced; the rollback starts it again first',
    async (word, text) => {
      await serving({ rule: `, failures: 2, standby: ${word}` });
      const seq = flow.lastSeq();
      answer('v1', 500);
      await rounds(3);
      const rows = since(seq);
      expect(rows.map((row) => row.split(':')[0])).toEqual(['smoke-changed', 'readiness-changed']);
      expect(rows[1]).toContain(`is ${word} now, and was instant: ${text}`);
      const starts = flow.environments.story.length;
      const back = flow.people.rollback({ actor: { kind: 'person', id: 'alice', door: 'cli' } });
      expect((await flow.finish(back.ok ? back.value.id : '')).outcome).toMatchObject({ kind: 'promoted' });
      expect(flow.environments.story.slice(starts)).toContain('start v1 in blue');
      expect(flow.slots()).toMatchObject({ blue: 'v1 active' });
    },
  );

  it('test no standby that is off, no side that is ill or labelled, and no slot that a deployment works in', async () => {
    await serving({ rule: ', standby: off' });
    await rounds(1);
    expect([smoke('blue'), smoke('green')?.condition]).toEqual([undefined, 'passing']);
    const id = flow.ask('v3', { hold: true });
    await flow.at(id, 'hold');
    const at = smoke('green')?.at ?? 0;
    await rounds(1);
    expect(smoke('blue')).toBeUndefined();
    expect(smoke('green')?.at).toBeGreaterThan(at);
    flow.environments.machine.sicken(place('green'));
    await rounds(3);
    const last = smoke('green')?.at;
    await rounds(2);
    expect(smoke('green')?.at).toBe(last);
    expect(smoke('green')?.condition).toBe('passing');
  });

  it('run the reading tests and those marked as continuous, and none that is marked otherwise', async () => {
    await serving({
      tests: `
          - { name: read, path: / }
          - { name: write, method: POST, path: /orders }
          - { name: safe write, method: POST, path: /dry-run, continuous: true }
          - { name: heavy, path: /report, continuous: false }`,
    });
    expect(smoke('green')).toMatchObject({ passed: 2, of: 2 });
  });

  it('end at once where no target asks for them, and run every interval where one does', async () => {
    await serving();
    const { core, lease } = flow.process();
    const before = smoke('green')?.at ?? 0;
    await flow.during(
      (stop) => smokeContinuously(core, lease(), stop),
      () => (smoke('green')?.at ?? 0) >= before + 3 * 2_000,
    );
    const none = {
      ...core,
      targets: core.targets.map((each) => ({ ...each, settings: { ...each.settings, continuousSmoke: undefined } })),
    };
    await expect(smokeContinuously(none, lease(), new AbortController().signal)).resolves.toBeUndefined();
  });
});
