// A release is registered and planned in one write, before anything is started or changed. What is refused here has left
// no trace but its refusal.

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../lib/errors.ts';
import { addQuarantine, idleSlot, readRelease, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, type Flow } from '../../testing/flow.ts';
import { startSchemaFlow, write } from '../../testing/schema-flow.ts';
import { putUnknownState } from '../recovery/unknown-state.ts';
import { currentHash } from './register.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startSchemaFlow();
});
afterEach(() => flow.close());

const ci = { kind: 'machine', name: 'ci', door: 'webhook' } as const;
const release = (version: string) => readRelease(flow.process().core.store.db, 'shop', version);
const folderOf = (version: string) => join(flow.settings.targets[0]?.releasesFolder ?? '', version);

describe('a release is not registered', () => {
  it.each<[string, prepare: () => unknown, code: string, sentence: RegExp]>([
    [
      'while what is live is not known',
      () => flow.process().core.store.note((db, now) => putUnknownState({ db, now }, shop, 'the nodes disagree')),
      'state-unknown',
      /^the nodes disagree$/,
    ],
    [
      'as the first one when another was found live meanwhile',
      () =>
        write(flow, (tx) =>
          setSlot(tx, shop, 'green', { ...idleSlot, role: 'active', version: 'v9', digest: 'd'.repeat(64), since: 1 }),
        ),
      'state-unknown',
      /^v9 was found live in green after this was asked for: ask for v2 again$/,
    ],
    ['without its folder', () => rmSync(folderOf('v2'), { recursive: true }), 'release-missing', /v2/],
    [
      'with an origin that cannot be read',
      () => flow.layRelease('v2', { 'release.json': '{"commit": 7}' }),
      'release-invalid',
      /release\.json: commit: /,
    ],
    [
      'with a manifest that cannot be read',
      () => flow.layRelease('v2', { 'bluegreen.release.yaml': 'comand: [node]' }),
      'release-invalid',
      /comand/,
    ],
    [
      'that the environment would not start',
      () => flow.environments.refuseStart('v2', new BlueGreenError('resources-short', '10 MB are free')),
      'resources-short',
      /^10 MB are free$/,
    ],
    [
      'whose migrations are refused',
      () => flow.migrators.lint({ problems: ['it locks'] }),
      'schema-hazard',
      /^v2 is not registered: one problem in its migrations: it locks$/,
    ],
  ])('%s', async (_, prepare, code, sentence) => {
    const id = flow.ask('v2');
    prepare();
    const before = flow.lastSeq();
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'failed', code, sentence: expect.stringMatching(sentence) });
    expect(release('v2')).toBeUndefined();
    expect(flow.actions(before)).toEqual(['turned-back', 'deployment-finished']);
    expect([flow.environments.story, flow.migrators.database.story]).toEqual([[], []]);
  });

  it('with other files than the version had before', async () => {
    await flow.live('v1');
    await flow.live('v2');
    flow.layRelease('v2', { 'server.mjs': 'changed' });
    const { outcome } = await flow.finish(flow.ask('v2', { redeploy: true }));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
    expect(outcome?.sentence).toMatch(/^v2 was registered with other files \(\w{12}, now \w{12}\): a version is/);
  });

  it('by a machine while its files are marked bad under any version; by a person it is', async () => {
    await flow.live('v1');
    await flow.live('v2');
    await flow.live('v1');
    const mark = { service: 'shop', version: 'v2', reason: 'errors', by: 'person:bob', at: 1 };
    for (const version of ['v2b', 'v2c']) cpSync(folderOf('v2'), folderOf(version), { recursive: true });
    write(flow, (tx) => addQuarantine(tx, { ...mark, digest: release('v2')?.digest ?? '' }));
    const { outcome } = await flow.finish(flow.ask('v2b', { actor: ci }));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'quarantined' });
    expect(outcome?.sentence).toMatch(/A person may deploy it all the same$/);
    expect(release('v2b')).toBeUndefined();
    expect((await flow.finish(flow.ask('v2c', { actor: alice }))).outcome?.kind).toBe('promoted');
  });
});

describe('a release is registered', () => {
  it('with its plan and the hash that people approve, in one write', async () => {
    await flow.live('v1');
    flow.layRelease('v2', { 'release.json': '{"commit": "abcdef0"}' });
    const id = flow.ask('v2');
    await flow.killWhen(id, ({ plan }) => plan !== null);
    const row = flow.row(id);
    expect(row).toMatchObject({ digest: release('v2')?.digest, position: 0, phase: 'fetching' });
    expect(release('v2')).toMatchObject({ origin: { commit: 'abcdef0' }, folder: folderOf('v2') });
    expect(
      flow.people.audit.after(0, 100).find(({ action, deploymentId }) => action === 'planned' && deploymentId === id),
    ).toMatchObject({
      detail: { planHash: row.planHash, schema: ['002_full_name'], commit: 'abcdef0', digest: row.digest },
    });
  });

  it.each(['before', 'after'] as const)('once, when its process dies %s that write', async (moment) => {
    const id = flow.ask('v1');
    flow.process().life.dieAt(1, moment);
    await flow.until(id, () => false);
    expect([release('v1') !== undefined, flow.row(id).plan !== null]).toEqual([moment === 'after', moment === 'after']);
    flow.restart();
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    expect(flow.actions().filter((action) => action === 'planned')).toHaveLength(1);
  });

  it('for an approval that is void once anything of it has changed', async () => {
    await flow.live('v1');
    const id = flow.ask('v2');
    const { plan, digest } = await flow.until(id, (row) => row.plan !== null);
    if (!plan || digest === null) throw new Error('v2 was not planned');
    const { core, target } = flow.process();
    const of = (change: Partial<Parameters<typeof currentHash>[2]> = {}, seen = core) =>
      currentHash(seen, target, { plan, digest, fromSlot: 'blue', ...change });
    const hashes = [
      of(),
      of({ digest: 'e'.repeat(64) }),
      of({ plan: { ...plan, steps: plan.steps.slice(1) } }),
      of({ plan: { ...plan, accepted: ['a rewrite'] } }),
      of({}, { ...core, settings: { ...core.settings, digest: 'another configuration' } }),
      of({ fromSlot: null }),
    ];
    expect(hashes[0]).toBe(flow.row(id).planHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    write(flow, (tx) => setSlot(tx, shop, 'blue', { role: 'standby' }));
    // No side is active: what people approved is to replace another one.
    expect(of()).toBe(hashes[5]);
  });
});
