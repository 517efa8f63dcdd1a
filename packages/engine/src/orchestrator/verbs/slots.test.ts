// What a person does with one slot by hand: never with the side that users get, and never against a deployment.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { readSlot } from '../../state/targets.ts';
import { placeName } from '../../testing/fake-machine.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { refusalOf } from './testing/refusals.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

const slots = () => flow.people.slots;
const start = (slot: SlotName, version = 'v2') => flow.passing(slots().start({ slot, version, actor: alice }));
const stop = (slot: SlotName) => slots().stop({ slot, actor: alice });
const refused = (act: Parameters<typeof refusalOf>[1], code: string) =>
  refusalOf({ store: flow.process().core.store, audit: flow.people.audit }, act, code);
const rowOf = (slot: SlotName) => readSlot(flow.process().core.store.db, flow.process().target.key, slot);
const filesOf = (version: string) => join(flow.process().target.settings.releasesFolder, version, 'server.mjs');

describe('a slot that is started by hand', () => {
  it('runs the release, is no one’s standby, and changes nothing that users get', async () => {
    const [before, began] = [flow.balancers.story.length, flow.lastSeq()];
    expect(await start('green')).toMatchObject({ ok: true, value: { kind: 'running', version: 'v2' } });
    expect(rowOf('green')).toMatchObject({ role: 'preview', label: 'kept', version: 'v2', keepUntil: null });
    expect(flow.actions(began)).toEqual(['registered', 'started-by-hand']);
    expect(flow.balancers.story).toHaveLength(before);
    expect(flow.people.rollback({ actor: alice })).toMatchObject({ refusal: { code: 'no-rollback-target' } });
    expect(flow.people.switch({ actor: alice })).toMatchObject({ refusal: { code: 'nothing-to-switch' } });
  });

  it('is left as it is when it does not become healthy in time, and says so', async () => {
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    const problem = expect.stringMatching(/v2 did not become healthy within \d+ s: /);
    expect(await start('green')).toMatchObject({ ok: true, value: { kind: 'running', problem } });
    expect(rowOf('green')).toMatchObject({ version: 'v2', label: 'kept' });
  });

  it('says that it ended while it was waited for', async () => {
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    const starting = slots().start({ slot: 'green', version: 'v2', actor: alice });
    const place = { ...flow.process().target.key, slot: 'green' } as const;
    const { instances } = flow.environments.machine;
    await expect.poll(() => instances.has(placeName(place)), { timeout: 10_000 }).toBe(true);
    await flow.environments.crash(place);
    const problem = 'v2 ended while it was starting';
    expect(await flow.passing(starting)).toMatchObject({ ok: true, value: { kind: 'stopped', problem } });
  });

  it.each<[what: string, given: () => void, says: string]>([
    [
      'the environment refuses it',
      () => flow.environments.refuseStart('v2', new BlueGreenError('resources-short', 'no memory')),
      'no memory',
    ],
    [
      'it ends at once',
      () => flow.environments.machine.behave('v2', { endsAtOnce: { exit: 'exit code 3', lines: ['no licence'] } }),
      'exit code 3',
    ],
  ])('is empty again when %s, with the reason in the audit log', async (_, given, says) => {
    given();
    const began = flow.lastSeq();
    await expect(start('green')).rejects.toThrow(says);
    expect(rowOf('green')).toMatchObject({ role: 'idle', version: null, label: null });
    expect(flow.actions(began)).toEqual(['registered', 'started-by-hand', 'start-failed']);
    expect(flow.story(began).at(-1)).toContain(says);
  });

  it('is given up by the deployment that needs the slot', async () => {
    await start('green', 'v2');
    await flow.live('v3');
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v3 active' });
  });

  it('takes no release whose files are not the registered ones any more', async () => {
    await start('green');
    await stop('green');
    writeFileSync(filesOf('v2'), 'export const version = "another";\n');
    const { sentence } = await refused(() => start('green'), 'release-unknown');
    expect(sentence).toContain('not the ones that were registered');
    expect(rowOf('green').role).toBe('idle');
  });
});

describe('a slot that may not be touched', () => {
  const both = (slot: SlotName) => [() => slots().start({ slot, version: 'v2', actor: alice }), () => stop(slot)];

  it('is the one that users get', async () => {
    for (const act of both('blue')) {
      const { sentence, hint } = await refused(act, 'not-allowed-now');
      expect(sentence).toBe('blue serves the users of shop');
      expect(hint).toContain('rollback');
    }
    expect(flow.environments.story.filter((row) => row.startsWith('stop'))).toEqual([]);
  });

  it('is the one that gets a share of users by what the balancer does, whatever this state says', async () => {
    const { core, target } = flow.process();
    core.store.write((tx) => {
      tx.db.$client
        .prepare("UPDATE targets SET confirmed_generation = generation - 1 WHERE target = 'production'")
        .run();
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'an intent that was never confirmed' });
    });
    for (const node of flow.balancers.nodes) node.routing = { ...node.routing, canary: { slot: 'green', percent: 10 } };
    expect((await target.balancer.observe())[0]?.routing?.canary?.slot).toBe('green');
    for (const act of both('green')) await refused(act, 'not-allowed-now');
  });

  it('is any while a deployment is at work', async () => {
    flow.ask('v2', { hold: true });
    for (const slot of ['blue', 'green'] as const) for (const act of both(slot)) await refused(act, 'target-busy');
  });

  it.each<[what: string, given: () => void | Promise<void>]>([
    ['does something else than was decided', () => flow.balancers.change({ active: 'green' })],
    ['does not answer', () => flow.balancers.kill()],
  ])('is any while the balancer %s', async (_, given) => {
    await given();
    for (const act of both('green')) {
      const { hint } = await refused(act, 'drifted');
      expect(hint).toContain('bg routing');
    }
  });

  it('is none for a release that does not exist', async () => {
    for (const version of ['v9', '', '..', 'v1/../v2'])
      await refused(() => slots().start({ slot: 'green', version, actor: alice }), 'release-unknown');
  });
});

describe('a deployment that is asked for while a person’s command is under way', () => {
  it.each(['start', 'stop'] as const)('comes first: the %s is refused, and the slot stays as it was', async (act) => {
    await flow.live('v2');
    const [before, began] = [rowOf('blue'), flow.environments.story.length];
    const answering = act === 'stop' ? stop('blue') : slots().start({ slot: 'blue', version: 'v2', actor: alice });
    flow.ask('v3', { hold: true });
    const answer = await answering;
    expect(answer).toMatchObject({
      ok: false,
      refusal: { code: 'target-busy', sentence: expect.stringContaining('v3') },
    });
    expect([rowOf('blue'), flow.environments.story.slice(began)]).toEqual([before, []]);
    expect(flow.actions().at(-1)).toBe('refused');
  });
});

describe('a slot that is stopped by hand', () => {
  it('is idle, and stopping it again is harmless', async () => {
    await flow.live('v2');
    expect(await stop('blue')).toMatchObject({ ok: true, value: { kind: 'stopped' } });
    expect(rowOf('blue')).toMatchObject({ role: 'idle', version: null });
    expect(await stop('blue')).toMatchObject({ ok: true });
    expect(flow.environments.story.filter((row) => row === 'stop blue')).toHaveLength(1);
    expect(flow.people.status().targets[0]?.rollback).toMatchObject({ readiness: 'slow', version: 'v1' });
  });
});

describe('what is looked at in one slot', () => {
  it('is health and smoke tests of what runs there, and of an empty slot the reason', async () => {
    expect(await slots().health({}, 'blue')).toMatchObject({ ok: true, value: { healthy: true, version: 'v1' } });
    expect(await slots().health({}, 'green')).toMatchObject({ ok: true, value: { healthy: false } });
    expect(await slots().smoke({}, 'blue')).toMatchObject({ ok: true, value: { passed: true } });
    flow.environments.machine.behave('v1', { status: 500 });
    expect(await slots().smoke({}, 'blue')).toMatchObject({ ok: true, value: { passed: false } });
  });

  it('is its log, and the lines of one request', async () => {
    const logs = slots().logs({}, 'blue');
    writeFileSync((logs.ok && logs.value[0].file) || '', 'a {"requestId":"req-1"}\nb\n');
    const traced = await slots().trace({}, 'req-1');
    expect(JSON.stringify(traced)).toContain('req-1');
    for (const id of ['', 'a b', '../x', 'x'.repeat(129)])
      expect(await slots().trace({}, id)).toMatchObject({ ok: false, refusal: { code: 'text-invalid' } });
  });

  it('of a target that is not configured is refused', async () => {
    const ref = { service: 'shpo' };
    const answers = [
      await slots().health(ref, 'blue'),
      await slots().smoke(ref, 'blue'),
      slots().logs(ref, 'blue'),
      await slots().trace(ref, 'req-1'),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ ok: false, refusal: { code: 'target-unknown' } });
  });
});
