// What the gates read: the target that was meant, and the facts of it at this moment.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../lib/log.ts';
import { noMigrator } from '../../migrator/none.ts';
import { addBuild } from '../../state/builds.ts';
import { addContract, changeContract } from '../../state/contracts.ts';
import { driftKey, putSnapshot, slotKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { addQuarantine, setLock, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { createFakeEnvironments } from '../../testing/fake-environment.ts';
import type { Core, Target } from '../core.ts';
import { alice, digestOf, startTestEngine, type TestEngine } from '../verbs/testing/test-engine.ts';
import { activeSide, findTarget, gatherFacts, knownVersions, laidAt, otherDriver } from './facts.ts';

const twoTargets = `        default: true
      staging:
        slots: { blue: { port: 31011 }, green: { port: 31012 } }
        loadBalancer: { listen: "127.0.0.1:31010" }
`;

let testEngine: TestEngine;
let core: Core;
beforeEach(() => {
  testEngine = startTestEngine(twoTargets);
  testEngine.serving('v2.0');
  const { settings, store, clock } = testEngine;
  const environment = createFakeEnvironments({ folder: join(settings.stateFolder, 'slots'), clock }).create();
  const targets = settings.targets.map(
    (each) =>
      ({
        key: { service: each.service, target: each.target },
        name: each.isDefault ? 'shop' : `shop ${each.target}`,
        settings: each,
        environment,
        migrator: noMigrator,
      }) as unknown as Target,
  );
  core = { settings, store, clock, targets, log: silentLog } as unknown as Core;
});
afterEach(() => testEngine.remove());

const production = (): Target => core.targets.find(({ key }) => key.target === 'production') as Target;
const factsOf = (version = 'v2.1') => gatherFacts(core, production(), { actor: alice, version });
const write = (change: (tx: Tx) => void): void =>
  testEngine.store.write((tx) => {
    change(tx);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });
const releases = () => production().settings.releasesFolder;

describe('the target that a request means', () => {
  it.each<[ref: { service?: string; target?: string }, found: string]>([
    [{}, 'production'],
    [{ service: 'shop' }, 'production'],
    [{ target: 'staging' }, 'staging'],
    [{ service: 'shop', target: 'staging' }, 'staging'],
  ])('%j is %s', (ref, found) => {
    expect(findTarget(core, ref)).toMatchObject({ ok: true, value: { key: { target: found } } });
  });

  it.each<[ref: { service?: string; target?: string }, sentence: string, hint: string]>([
    [{ service: 'shpo' }, 'there is no "shpo"', 'the nearest is shop'],
    [{ target: 'stagin' }, 'there is no "/stagin"', 'the nearest is shop staging'],
    [{ service: 'shop', target: 'Production' }, 'there is no "shop/Production"', 'Known: shop'],
  ])('%j is none, and the nearest is named', (ref, sentence, hint) => {
    expect(findTarget(core, ref)).toMatchObject({
      ok: false,
      refusal: {
        code: 'target-unknown',
        sentence: expect.stringContaining(sentence),
        hint: expect.stringContaining(hint),
      },
    });
  });

  it('of two services is asked for by name, not guessed', () => {
    const other = { ...production(), name: 'kiosk', key: { service: 'kiosk', target: 'production' } };
    const answer = findTarget({ ...core, targets: [production(), other] }, {});
    expect(answer).toMatchObject({ ok: false, refusal: { sentence: 'say which of shop, kiosk' } });
    expect(findTarget({ ...core, targets: [] }, {})).toMatchObject({ ok: false });
  });
});

describe('the facts of a target', () => {
  it('are those of the present, not of when they were asked before', () => {
    expect(factsOf()).toMatchObject({
      active: { slot: 'blue', version: 'v1.0', condition: 'unknown' },
      live: undefined,
      lock: undefined,
      releaseExists: true,
      quarantine: undefined,
      contracting: undefined,
      drift: undefined,
      addressTaken: undefined,
    });
    testEngine.running('watch');
    write((tx) => {
      setLock(tx, { ...shop, owner: 'person:bob', reason: 'x', since: tx.now, until: tx.now + 1_000 });
      addQuarantine(tx, {
        service: 'shop',
        version: 'v2.1',
        digest: digestOf('v2.1'),
        reason: 'x',
        by: 'engine',
        at: tx.now,
      });
      putSnapshot(tx.db, slotKey(shop, 'blue'), { state: { condition: 'unhealthy' } }, tx.now);
    });
    expect(factsOf()).toMatchObject({
      active: { condition: 'unhealthy' },
      live: { id: 'd_live' },
      lock: { owner: 'person:bob' },
      quarantine: { version: 'v2.1' },
    });
    testEngine.clock.advance(1_001);
    expect(factsOf().lock).toBeUndefined();
  });

  it.each<[version: string, lay: () => void, exists: boolean, nearest: string | undefined]>([
    ['v2.1', () => undefined, true, undefined],
    ['v2.11', () => undefined, false, 'v2.1'],
    ['v3', () => writeFileSync(join(releases(), 'v3'), 'a file, no folder'), false, 'v1.0'],
    ['..', () => undefined, false, undefined],
    ['v9.9', () => mkdirSync(join(releases(), 'v9.9')), true, undefined],
  ])('of release %s say whether its folder is there', (version, lay, exists, nearest) => {
    lay();
    const facts = factsOf(version);
    expect(facts.releaseExists).toBe(exists);
    if (nearest === 'v2.1') expect(facts.nearestRelease).toBe(nearest);
    if (exists) expect(facts.nearestRelease).toBeUndefined();
  });

  it('of a release that CI announced, and that is not here yet, say that it is awaited', () => {
    const build = { service: 'shop', version: 'v3.0', conclusion: 'succeeded', host: 'generic', authors: [] } as const;
    const artifact = { kind: 'directory', path: '/somewhere' } as const;
    write((tx) => addBuild(tx, { ...build, artifact } as unknown as Parameters<typeof addBuild>[1]));
    expect(factsOf('v3.0')).toMatchObject({ releaseExists: false, isAwaited: true, nearestRelease: undefined });
    write((tx) => addBuild(tx, { ...build, version: 'v3.1' } as unknown as Parameters<typeof addBuild>[1]));
    expect(factsOf('v3.1').isAwaited).toBe(false);
  });

  it.each([
    ['a silent node', false, undefined],
    ['another routing', true, 'users go to green'],
  ])('of drift by %s: blocks %s', (_, blocks, drift) => {
    const view = { id: '1', since: 1, blocks, sentence: 'users go to green', nodes: [] };
    write((tx) => putSnapshot(tx.db, driftKey(shop), { print: 'x', view }, tx.now));
    expect(factsOf().drift).toBe(drift);
  });

  it('of a contract count once it is approved, also one of another target on the same database', () => {
    const contract = (target: string) => ({
      id: `c_${target}`,
      service: 'shop',
      target,
      version: 'v1.0',
      digest: digestOf('v1.0'),
      migrations: ['001'],
      statements: [],
      impossible: [],
      requestedBy: 'person:alice',
      requestedAt: 1,
      needed: 1,
      deadlineAt: testEngine.clock.now() + 60_000,
      status: 'pending' as const,
    });
    write((tx) => addContract(tx, contract('staging')));
    const shared = { ...noMigrator, place: () => 'the same' };
    const all = { ...core, targets: core.targets.map((each) => ({ ...each, migrator: shared })) };
    const seen = () => gatherFacts(all, all.targets[0] as Target, { actor: alice, version: 'v2.1' }).contracting;
    expect(seen()).toBeUndefined();
    write((tx) => changeContract(tx, 'c_staging', { status: 'approved', decidedBy: 'person:bob', decidedAt: 2 }));
    expect(seen()).toMatchObject({ migrations: '001' });
    expect(factsOf().contracting).toBeUndefined();
  });

  it('of the active side are none while no side has that role', () => {
    write((tx) => setSlot(tx, shop, 'blue', { role: 'standby' }));
    expect(activeSide(core, production())).toBeUndefined();
    write((tx) => setSlot(tx, shop, 'green', { role: 'active' }));
    expect(activeSide(core, production())).toMatchObject({ slot: 'green', version: 'v2.0' });
  });

  it('name a controller only while it lives, and only with another configuration', () => {
    testEngine.driven();
    expect(otherDriver(core)).toBeUndefined();
    testEngine.clock.advance(60_000);
    testEngine.driven('another');
    expect(otherDriver(core)).toBe('bot (pid 7)');
    testEngine.clock.advance(60_000);
    expect(otherDriver(core)).toBeUndefined();
  });
});

describe('the releases in the folder', () => {
  it('are the newest first by their numbers, without what is no version or no folder', () => {
    for (const name of ['v10.0', 'v9.0', '.hidden', 'with space']) mkdirSync(join(releases(), name));
    writeFileSync(join(releases(), 'v99'), 'a file');
    expect(knownVersions(production())).toEqual(['v10.0', 'v9.0', 'v2.1', 'v2.0', 'v1.0']);
    expect(laidAt(production(), 'v10.0')).toBeGreaterThan(0);
    expect(laidAt(production(), 'v77')).toBe(0);
  });

  it('are none where the folder is not there yet', () => {
    rmSync(releases(), { recursive: true });
    expect(knownVersions(production())).toEqual([]);
    expect(factsOf()).toMatchObject({ releaseExists: false, nearestRelease: undefined });
  });
});
