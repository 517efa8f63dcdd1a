// Each cause that makes a way back worse is announced by the round of the supervisor that finds it, and by no later one.

import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { putSnapshot, schemaKey } from '../../state/snapshots.ts';
import { addQuarantine, readRelease } from '../../state/targets.ts';
import { alice, type Flow, shortPlan, startFlow } from '../../testing/flow.ts';
import { supervise } from '../controller/supervisor.ts';

const intervalMs = 5_000;
const failures = 3;

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({
    options: `${shortPlan}
    health: { interval: ${intervalMs / 1_000}s, failures: ${failures} }
    standby: { keep: 40m }`,
  });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  await supervised(() => false, 1);
});
afterEach(() => flow.close());

const place = (slot: SlotName) => ({ service: 'shop', target: 'production', slot });
const rollback = () => {
  const found = flow.people.target({});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value.rollback;
};
const announced = (after: number) => flow.story(after).filter((row) => row.startsWith('readiness-changed'));
const target = () => flow.process().target.key;

/** The supervisor itself, for so many intervals at most. */
async function supervised(isSo: () => boolean, intervals: number): Promise<void> {
  const until = flow.clock.now() + intervals * intervalMs;
  await flow.during(
    (stop) => supervise(flow.process().core, flow.process().lease(), stop),
    () => isSo() || flow.clock.now() > until,
  );
}

function mark(version: string): void {
  flow.process().core.store.write((tx) => {
    const digest = readRelease(tx.db, 'shop', version)?.digest ?? '';
    addQuarantine(tx, { service: 'shop', version, digest, reason: 'wrong prices', by: 'engine', at: tx.now });
    tx.audit({
      actor: 'engine',
      action: 'release-marked-bad',
      sentence: 'laid out for a test',
      detail: { version, digest },
    });
  });
}

function contracted(version: string): void {
  const verdict = { kind: 'incompatible', lost: ['users.name'], evidence: 'users.name is gone' };
  flow
    .process()
    .core.store.note((db, now) => putSnapshot(db, schemaKey(target()), { verdicts: { [version]: verdict } }, now));
}

/** A person moves the users past the engine. */
function moveByHand(): void {
  const [node] = flow.balancers.nodes;
  if (node) node.routing = { ...node.routing, active: 'blue' };
}

describe('a way back that is instant', () => {
  it.each<[cause: string, worsen: () => unknown, intervals: number, code: string, sentence: RegExp]>([
    [
      'the standby has died',
      () => flow.environments.crash(place('blue')),
      1,
      'slow',
      /blue v1 is unhealthy and is started again first, about \d+ s: its process has ended/,
    ],
    [
      'the standby is ill',
      () => flow.environments.machine.behave('v1', { health: 'unhealthy' }),
      failures,
      'slow',
      /blue v1 is unhealthy and is started again first, about \d+ s: /,
    ],
    [
      'its schema is contracted',
      () => contracted('v1'),
      1,
      'blocked',
      /v1 cannot run on the schema: users\.name is gone; go forward/,
    ],
    ['its time is over', () => flow.clock.advance(41 * 60_000), 1, 'slow', /start of v1 needed, about \d+ s$/],
    [
      'its digest is marked bad',
      () => mark('v1'),
      1,
      'blocked',
      /v1 is marked bad: wrong prices; deploy a fixed release, or clear the mark/,
    ],
    ['the balancer has drifted', moveByHand, 1, 'blocked', /the load balancer has drifted; put back what was decided/],
  ])(
    'and is not any more, because %s, is announced once, with what it is now',
    async (_, worsen, intervals, code, sentence) => {
      expect(rollback()).toMatchObject({
        readiness: 'instant',
        sentence: expect.stringMatching(/^blue v1 healthy, \d+ min left$/),
      });
      const seq = flow.lastSeq();
      await worsen();
      const began = flow.clock.now();
      await supervised(() => announced(seq).length > 0, intervals + 1);
      expect(announced(seq)).toEqual([
        expect.stringMatching(new RegExp(`is ${code} now, and was instant: ${sentence.source}`)),
      ]);
      expect(flow.clock.now() - began).toBeLessThanOrEqual(intervals * intervalMs);
      expect(rollback().readiness).toBe(code);
      await supervised(() => announced(seq).length > 1, 2);
      expect(announced(seq).filter((row) => row.includes(`is ${code} now`))).toHaveLength(1);
    },
  );

  it('and needed a start since, is blocked when the files of the release are removed', async () => {
    flow.clock.advance(41 * 60_000);
    await supervised(() => rollback().readiness === 'slow', 2);
    await supervised(() => false, 1);
    const seq = flow.lastSeq();
    rmSync(`${flow.settings.targets[0]?.releasesFolder}/v1`, { recursive: true });
    await supervised(() => announced(seq).length > 0, 2);
    expect(announced(seq)).toEqual([
      expect.stringContaining('is blocked now, and was slow: the files of v1 are not on this machine any more'),
    ]);
  });

  it('stays so under a lock, which never holds up a rollback', async () => {
    const seq = flow.lastSeq();
    expect(flow.people.lock({ actor: alice, reason: 'stock-taking', forMs: 60_000 })).toMatchObject({ ok: true });
    await supervised(() => announced(seq).length > 0, 3);
    expect([announced(seq), rollback().readiness]).toEqual([[], 'instant']);
    expect(flow.people.rollback({ actor: alice })).toMatchObject({ ok: true });
  });
});

describe('the estimate of a slow way back', () => {
  it('is the one in the middle of what starts of this target took', async () => {
    flow.environments.machine.behave('v3', { startsFor: 30 });
    for (const version of ['v3', 'v2', 'v3']) await flow.live(version);
    await supervised(() => false, 1);
    await flow.environments.crash(place('green'));
    await supervised(() => rollback().readiness === 'slow', 2);
    const seconds = Number(/about (\d+) s/.exec(rollback().sentence)?.[1]);
    // Two slow starts of five do not make the one in the middle slow.
    expect(seconds).toBeLessThan(15);
  });
});
