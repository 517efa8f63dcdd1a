// What each step does when something fails: how the deployment ends, what users get, and what is left to inspect.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../../lib/errors.ts';
import { readJournal } from '../../../state/deployments.ts';
import { readQuarantine, readRelease, readRouting } from '../../../state/targets.ts';
import type { Behaviour } from '../../../testing/fake-machine.ts';
import { alice, type Flow, startFlow } from '../../../testing/flow.ts';
import { repairRouting } from '../../routing/repair.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

const unreachable = new BlueGreenError('balancer-unreachable', 'the balancer does not answer');

/** The last step that began, as the journal has it. */
const failedStep = (id: string): string | undefined =>
  readJournal(flow.process().core.store.db, id).find(
    ({ status, direction }) => direction === 'forward' && status === 'failed',
  )?.name;

function expectUsersOnV1(): void {
  expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue', canary: undefined, preview: undefined });
  expect(flow.slots().blue).toBe('v1 active');
}

describe('a release that misbehaves', () => {
  it.each<[string, Behaviour, step: string, code: string, sentence: RegExp]>([
    [
      'ends at once',
      { endsAtOnce: { exit: 'exit code 3', lines: ['no config'] } },
      'start-preview',
      'start-failed',
      /no config/,
    ],
    [
      'never becomes healthy',
      { health: 'unhealthy' },
      'check-health',
      'never-healthy',
      /within 60 s: expected a status of 2xx, got 503/,
    ],
    ['is degraded', { health: 'degraded' }, 'check-health', 'never-healthy', /it is degraded/],
    [
      'fails a smoke test',
      { status: 500 },
      'smoke-test',
      'smoke-test-failed',
      /"front page": expected status 200, got 500/,
    ],
  ])('and %s is given no user, and is left to be looked at', async (_, behaviour, step, code, sentence) => {
    flow.environments.machine.behave('v2', behaviour);
    const id = flow.ask('v2');
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'failed', code, actor: 'engine' });
    expect(outcome?.sentence).toMatch(sentence);
    expect(failedStep(id)).toBe(step);
    expectUsersOnV1();
    expect(flow.slots().green).toBe('v2 preview (failed)');
    expect(flow.balancers.story.filter((routing) => routing.includes('% green') || routing === 'green')).toEqual([]);
  });

  it('and starts slowly is waited for', async () => {
    flow.environments.machine.behave('v2', { startsFor: 5 });
    expect((await flow.finish(flow.ask('v2'))).outcome).toMatchObject({ kind: 'promoted' });
  });

  it('and ends while it starts is reported with its last lines', async () => {
    flow.environments.machine.behave('v2', { startsFor: 1_000 });
    const id = flow.ask('v2');
    await flow.at(id, 'check-health');
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'green' });
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'side-crashed' });
    expect(outcome?.sentence).toBe('v2 ended while it was starting (exit code 1): it broke');
  });

  it('and is ended by the machine is not called a crash', async () => {
    flow.environments.machine.behave('v2', { startsFor: 1_000 });
    const id = flow.ask('v2');
    await flow.at(id, 'check-health');
    await flow.environments.crash(
      { service: 'shop', target: 'production', slot: 'green' },
      { lastLog: [], endedBy: 'machine' },
    );
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'failed', code: 'side-stopped' });
  });

  it.each(['watch', 'bake'])('and crashes during the %s is reverted, and marked bad', async (step) => {
    const id = flow.ask('v2');
    await flow.at(id, step);
    await flow.environments.crash({ service: 'shop', target: 'production', slot: 'green' });
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: step === 'bake' ? 'rolled-back' : 'failed', code: 'side-crashed' });
    expectUsersOnV1();
    const { db } = flow.process().core.store;
    expect(readQuarantine(db, readRelease(db, 'shop', 'v2')?.digest ?? '')).toMatchObject({ version: 'v2' });
  });

  it.each(['watch', 'bake'])('and answers with errors during the %s is reverted with the numbers', async (step) => {
    const id = flow.ask('v2');
    await flow.at(id, step);
    flow.balancers.busy('green', { requests: 2_000, errors: 400 });
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: step === 'bake' ? 'rolled-back' : 'failed', code: 'canary-failed' });
    expect(outcome?.sentence).toMatch(/^400 of 2000 requests failed on the new side \(20\.0 %/);
    expectUsersOnV1();
  });

  it('and that has no users ends in an abort, when the patience of the judge is over', async () => {
    flow.balancers.busy('green', { requests: 3 });
    const { outcome } = await flow.finish(flow.ask('v2'));
    expect(outcome).toMatchObject({ kind: 'aborted', code: 'inconclusive' });
    expect(outcome?.sentence).toMatch(/3 of at least 50 requests/);
  });

  it('and whose files change after they were registered is not started', async () => {
    const id = flow.ask('v2');
    await flow.killWhen(id, ({ phase }) => phase === 'start-preview');
    writeFileSync(join(flow.settings.targets[0]?.releasesFolder ?? '', 'v2', 'server.mjs'), 'changed');
    flow.restart();
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
    expect(flow.environments.story).not.toContain('start v2 in green');
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'idle' });
  });
});

describe('an environment that refuses', () => {
  it('a start before anything gave way leaves the slot as it was', async () => {
    await flow.live('v2');
    flow.environments.refuseStart('v3', new BlueGreenError('resources-short', '10 MB of memory are free'));
    const id = flow.ask('v3');
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'resources-short' });
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
    expect(flow.environments.story).toEqual(['start v1 in blue', 'start v2 in green']);
  });

  it('a start after the slot was claimed gives it back to what still runs there', async () => {
    await flow.live('v2');
    const id = flow.ask('v3');
    await flow.until(id, ({ phase }) => {
      if (phase === 'start-preview')
        flow.environments.refuseStart('v3', new BlueGreenError('resources-short', 'no disk'));
      return false;
    });
    expect(flow.view(id).outcome).toMatchObject({ kind: 'failed', code: 'resources-short' });
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
    expect(flow.people.rollback({ actor: alice })).toMatchObject({ ok: true, value: { version: 'v1' } });
  });
});

describe('a load balancer that refuses', () => {
  it.each([
    ['prove-preview', 'failed'],
    ['shift-traffic', 'failed'],
    ['promote', 'failed'],
  ])('the routing of %s leaves users where they are, and is written to at last', async (step, kind) => {
    const id = flow.ask('v2');
    await flow.until(id, ({ phase, direction }) => {
      flow.balancers.refuse(phase === step && direction === 'forward' ? unreachable : undefined);
      return false;
    });
    expect(flow.view(id).outcome).toMatchObject({ kind, code: 'balancer-unreachable' });
    expect(failedStep(id)).toBe(step);
    expectUsersOnV1();
  });

  it('the way back is tried again, and needs a person after five tries', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    flow.balancers.refuse(unreachable);
    expect(flow.people.abort({ id }, alice)).toMatchObject({ ok: true });
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'halted', code: 'undo-failed' });
    expect(outcome?.sentence).toContain('shift-traffic could not be undone');
    // Users are where they were: no better place is known.
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue', canary: { slot: 'green', percent: 10 } });
    // As soon as it takes writes again, the supervisor puts back what was decided, and the slot is free.
    flow.balancers.refuse();
    const { core, target, lease } = flow.process();
    const { intent } = readRouting(core.store.db, target.key);
    await repairRouting({ core, target, lease: lease() }, intent, await target.balancer.observe());
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue', canary: undefined });
    expect((await flow.finish(flow.ask('v3'))).outcome).toMatchObject({ kind: 'promoted' });
  });

  it('the way back for a moment only is asked again, and follows', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    flow.balancers.refuse(unreachable);
    expect(flow.people.abort({ id }, alice)).toMatchObject({ ok: true });
    const tries = () => flow.story().filter((row) => row === 'routing-intended: all users back to v1').length;
    await flow.until(id, () => {
      if (tries() === 3) flow.balancers.refuse();
      return false;
    });
    expect(flow.view(id).outcome).toMatchObject({ kind: 'aborted', code: 'given-up' });
    expect(tries()).toBe(3);
    expectUsersOnV1();
  });

  it('a change made past the engine stops the deployment before any user is moved', async () => {
    const id = flow.ask('v2');
    await flow.until(id, ({ phase }) => {
      if (phase === 'smoke-test') flow.balancers.change({ active: 'green' });
      return phase === 'smoke-test';
    });
    const { outcome } = await flow.finish(id);
    expect(outcome?.code).toMatch(/^(drifted|state-older)$/);
    expect(flow.balancers.nodes[0]?.routing.active).toBe('green');
  });
});
