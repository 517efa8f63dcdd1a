// `deploy` and its plan: bad input, two at once, what a plan foretells, and a rule about builds that asks for one.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { MigrationError } from '../../migrator/error.ts';
import { addQuarantine, readRelease } from '../../state/targets.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { activeVersion, admitBuild } from './admit-build.ts';
import { slotFor } from './deploy.ts';
import { refusalOf } from './testing/refusals.ts';
import { createScriptedMigrator, type ScriptedMigrator } from './testing/scripted-migrator.ts';

const ci: Actor = { kind: 'machine', name: 'ci', door: 'webhook' };

let flow: Flow;
let migrator: ScriptedMigrator;
beforeEach(async () => {
  migrator = createScriptedMigrator();
  flow = await startFlow({ migrator });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

const asked = () => ({ store: flow.process().core.store, audit: flow.people.audit });
const plan = async (version: string, change: object = {}) => {
  const answer = await flow.people.plan({ version, actor: alice, ...change });
  if (!answer.ok) throw new Error(answer.refusal.sentence);
  return answer.value;
};
const refusals = async (version: string) =>
  (await plan(version)).gates.flatMap(({ name, refusal }) => (refusal ? [`${name}: ${refusal.code}`] : []));

describe('a deployment that is asked for', () => {
  it('as the first of its target takes blue; later ones take the slot that serves no one', async () => {
    expect(slotFor({ active: undefined })).toBe('blue');
    expect(flow.people.deploy({ version: 'v1', actor: alice })).toMatchObject({
      ok: true,
      value: { slot: 'blue', from: undefined },
    });
    expect(flow.story().join()).toContain('alice asks to deploy shop v1');
  });

  it.each<[what: string, version: string]>([
    ['nothing', ''],
    ['a path', '../../../etc/passwd'],
    ['a name with a slash', 'v1/v2'],
    ['far too long a name', 'v'.repeat(100_000)],
    ['markup', '<script>alert(1)</script>'],
    ['a line break', 'v1\nv2'],
    ['a null byte', 'v1\0'],
  ])('with %s as its version is refused, and the log keeps no more than a line of it', async (_, version) => {
    const { sentence } = await refusalOf(
      asked(),
      () => flow.people.deploy({ version, actor: alice }),
      'release-unknown',
    );
    expect(sentence).not.toBe('');
    expect(flow.story().at(-1)?.length).toBeLessThan(100_200);
    await expect(flow.people.plan({ version, actor: alice })).resolves.toMatchObject({ ok: true });
  });

  it('keeps the first 500 characters of a reason, and none where it says nothing', async () => {
    const reason = (text: string) => {
      const answer = flow.people.deploy({ version: 'v1', actor: alice, reason: text });
      if (answer.ok) flow.people.abort({ id: answer.value.id }, alice);
      return answer.ok ? answer.value : undefined;
    };
    const long = reason('x'.repeat(10_000));
    expect(long?.reason).toHaveLength(500);
    await flow.finish(long?.id ?? '');
    expect(reason(' \n\t ')?.reason).toBeUndefined();
  });

  it('by many at once in several processes is one deployment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, at) =>
        (at % 2 === 0 ? flow.people : flow.process().engine).deploy({
          version: at % 3 === 0 ? 'v1' : 'v2',
          actor: at % 2 === 0 ? alice : bob,
        }),
      ),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(flow.actions().filter((action) => action === 'deployment-requested')).toHaveLength(1);
    expect(flow.people.audit.verify()).toMatchObject({ intact: true });
  });

  it('of the live version again is a redeploy, and only when it is asked for as one', async () => {
    await flow.live('v1');
    await refusalOf(asked(), () => flow.people.deploy({ version: 'v1', actor: alice }), 'already-active');
    expect(flow.people.deploy({ version: 'v1', actor: alice, redeploy: true })).toMatchObject({
      ok: true,
      value: { mode: 'redeploy', slot: 'green' },
    });
  });
});

describe('a plan', () => {
  it('foretells what the deployment then does: steps, slot, hash', async () => {
    await flow.live('v1');
    const foretold = await plan('v2');
    const id = flow.ask('v2');
    await flow.at(id, 'watch');
    const view = flow.view(id);
    expect([foretold.slot, foretold.mode, foretold.from]).toEqual([view.slot, view.mode, 'v1']);
    expect(foretold.steps).toEqual(view.steps.map(({ title }) => title));
    expect(foretold.hash).toBe(view.planHash);
    expect(foretold.routing).toEqual(['100 % v1 (blue)', '10 % v2, 90 % v1', '100 % v2']);
  });

  it.each<[what: string, given: () => void | Promise<void>, refused: readonly string[]]>([
    ['nothing in the way', () => undefined, []],
    [
      'a release that cannot be started',
      () => flow.environments.refuseStart('v2', new BlueGreenError('env-file-invalid', 'line 3')),
      ['start: not-startable'],
    ],
    [
      'a broken release file',
      () => writeFileSync(join(releases(), 'v2', 'bluegreen.release.yaml'), 'command: 7\n'),
      ['start: not-startable'],
    ],
    ['migrations with problems', () => migrator.plans({ problems: ['001.sql:1: drops'] }), ['schema: schema-refused']],
    [
      'a database that does not answer',
      () => migrator.refuses(new MigrationError('unreachable', 'refused')),
      ['schema: schema-refused'],
    ],
    [
      'a lock and a running deployment',
      () => {
        flow.people.lock({ actor: bob, reason: 'x' });
        flow.process().core.store.write((tx) => {
          tx.db.$client.prepare('DELETE FROM locks').run();
          tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
        });
        flow.ask('v3');
        flow.people.lock({ actor: bob, reason: 'x' });
      },
      ['lock: target-locked', 'busy: target-busy'],
    ],
  ])('with %s says so, and begins nothing', async (_, given, refused) => {
    await flow.live('v1');
    await given();
    const [before, deployments] = [flow.lastSeq(), flow.actions().length];
    expect(await refusals('v2')).toEqual(refused);
    expect([flow.lastSeq(), flow.actions().length]).toEqual([before, deployments]);
    expect(readRelease(flow.process().core.store.db, 'shop', 'v2')).toBeUndefined();
  });

  it('of a release that is not here says what is not known yet', async () => {
    const awaited = await plan('v9');
    expect(awaited).toMatchObject({ hash: undefined, run: undefined });
    expect(awaited.gates.find(({ name }) => name === 'release')?.refusal?.code).toBe('release-unknown');
    expect(awaited.gates.some(({ name }) => name === 'start')).toBe(false);
  });

  it('finds a mark by the files, before the version is registered under its name', async () => {
    await flow.live('v1');
    flow.layRelease('v2-again', { 'server.mjs': "export const version = 'v1';\n" });
    const { core } = flow.process();
    core.store.write((tx) => {
      const digest = readRelease(tx.db, 'shop', 'v1')?.digest ?? '';
      addQuarantine(tx, {
        service: 'shop',
        version: 'v1',
        digest,
        reason: 'wrong prices',
        by: 'person:bob',
        at: tx.now,
      });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });
    const { warnings } = await plan('v2-again');
    expect(warnings.join()).toMatch(/v2-again has the files of v1, which was marked bad by bob.*wrong prices/);
    const { gates } = await plan('v2-again', { actor: ci });
    expect(gates.find(({ name }) => name === 'quarantine')?.refusal?.code).toBe('quarantined');
  });

  it('warns of the release that its slot gives up, and of files that changed since they were registered', async () => {
    await flow.live('v1');
    await flow.live('v2');
    expect((await plan('v3')).warnings).toContain('v1 in blue (standby) will be stopped');
    writeFileSync(join(releases(), 'v1', 'server.mjs'), 'export const version = "other";\n');
    expect((await plan('v1')).warnings.join()).toContain('the files of v1 differ from those registered');
  });

  it('of a target that is not configured is refused', async () => {
    expect(await flow.people.plan({ service: 'shpo', version: 'v1', actor: alice })).toMatchObject({
      refusal: { code: 'target-unknown' },
    });
  });
});

const releases = () => flow.process().target.settings.releasesFolder;

describe('a build that a rule deploys', () => {
  const key = () => flow.process().target.key;
  const admit = (version: string) => admitBuild(flow.process().core, key(), { actor: ci, version });

  it('passes the gates of a person, and becomes one row in the transaction of its rule', async () => {
    const admitted = admit('v1');
    expect(flow.actions()).toEqual([]);
    if (!admitted.ok) throw new Error(admitted.refusal.sentence);
    flow.process().core.store.write((tx) => admitted.value.create(tx, 'the newest build of main'));
    expect(flow.row(admitted.value.id)).toMatchObject({
      requestedBy: 'machine:ci',
      reason: 'the newest build of main',
    });
    expect(admit('v2')).toMatchObject({ refusal: { code: 'target-busy' } });
    expect((await flow.finish(admitted.value.id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(activeVersion(flow.process().core, key())).toBe('v1');
    expect(admit('v1')).toMatchObject({ refusal: { code: 'already-active' } });
  });

  it('that was admitted by two processes at once is deployed once', () => {
    const [first, second] = [admit('v1'), admit('v2')];
    if (!first.ok || !second.ok) throw new Error('both were admitted');
    const { store } = flow.process().core;
    store.write((tx) => first.value.create(tx, 'x'));
    expect(() => store.write((tx) => second.value.create(tx, 'x'))).toThrow(/UNIQUE/);
    expect(flow.actions()).toEqual(['deployment-requested']);
  });

  it('of a release whose files have gone meanwhile fails with that reason', async () => {
    const admitted = admit('v1');
    rmSync(join(releases(), 'v1'), { recursive: true });
    if (!admitted.ok) throw new Error(admitted.refusal.sentence);
    flow.process().core.store.write((tx) => admitted.value.create(tx, 'x'));
    expect((await flow.finish(admitted.value.id)).outcome).toMatchObject({ kind: 'failed', code: 'release-missing' });
  });
});
