// What becomes of builds, over a real state file: reported once, refused loudly, deployed where a rule says so.

import { afterEach, describe, expect, it } from 'vitest';
import type { TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { addRelease } from '../state/targets.ts';
import {
  actionsReported,
  announceAll,
  announced,
  buildBody,
  commitOf,
  deliver,
  deployToProduction,
  reactionOf,
  reported,
  setCi,
} from './testing/ci.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const set = (rules = announceAll): TestEngine => {
  testEngine = setCi(rules);
  testEngine.serving();
  return testEngine;
};
const sha = (digit: string) => digit.repeat(64);
const at = (url: string, sha256?: string) => ({ artifact: { url, ...(sha256 ? { sha256 } : {}) } });

describe('a good build', () => {
  it('is announced to all readers of the audit log, with what is needed to decide', async () => {
    const { engine } = set();
    const more = {
      ...at('https://b.example/v2.1.tar.gz?key=secret', sha('a')),
      subject: 'Empty baskets',
      url: 'https://ci.example/7',
    };
    expect(await deliver(engine, buildBody('v2.1', 1, more))).toEqual({
      state: 'done',
      sentence: 'announced shop v2.1 (main of acme/shop, 1111111 by Alice Adams): Empty baskets as build 1',
    });
    const [row] = reported(engine);
    expect(row).toMatchObject({ actor: 'machine:generic', action: 'build-announced', service: 'shop', target: null });
    expect(announced(engine)).toMatchObject({
      build: 1,
      version: 'v2.1',
      repository: 'acme/shop',
      branch: 'main',
      commit: commitOf(1),
      // What the lead time of a report begins with.
      committedAt: Date.parse(String(buildBody('v2.1', 1).committedAt)),
      authors: [{ name: 'Alice Adams', email: 'alice@acme.example' }],
      artifact: { kind: 'url', place: 'https://b.example/v2.1.tar.gz' },
      older: false,
      reactions: [
        { target: 'production', reaction: 'announce', became: 'announced' },
        { target: 'staging', reaction: 'announce', became: 'announced' },
      ],
    });
    expect(JSON.stringify(reported(engine))).not.toContain('key=secret');
    expect(engine.builds.ofVersion('shop', 'v2.1')?.artifact).toMatchObject({ sha256: sha('a') });
  });

  it('that is reported again is one announcement, by its run, by its version, and from fifty senders', async () => {
    const { engine, open } = set();
    const others = [engine, open('second'), open('third')];
    const ends = await Promise.all(
      Array.from({ length: 50 }, (_, index) => deliver(others[index % 3] ?? engine, buildBody('v2.1', 1))),
    );
    expect(ends.filter(({ sentence }) => sentence.startsWith('announced '))).toHaveLength(1);
    await deliver(engine, buildBody('v2.1', 1, { run: 'another attempt' }));
    await deliver(engine, buildBody('v2.1', 1, { run: undefined }));
    expect(actionsReported(engine)).toEqual(['build-announced']);
    expect(engine.builds.latest('shop', 10)).toHaveLength(1);
  });

  it('whose run was announced under another version stays what it was', async () => {
    const { engine } = set();
    await deliver(engine, buildBody('v2.1', 1, { run: '7' }));
    const again = await deliver(engine, buildBody('v2.2', 1, { run: '7' }));
    expect(again).toEqual({ state: 'done', sentence: 'run 7 was announced before as build 1, shop v2.1' });
    expect(actionsReported(engine)).toEqual(['build-announced']);
  });

  it('may come to a version whose files become known later', async () => {
    const { engine } = set();
    await deliver(engine, buildBody('v2.1', 1));
    await deliver(engine, buildBody('v2.1', 1, { run: '8', ...at('https://b.example/a', sha('a')) }));
    expect(actionsReported(engine)).toEqual(['build-announced', 'build-artifact']);
    expect(engine.builds.ofVersion('shop', 'v2.1')?.artifact).toMatchObject({ sha256: sha('a') });
  });
});

describe('a version that comes again with other content', () => {
  const first = buildBody('v2.1', 1, at('https://b.example/a', sha('a')));
  it.each([
    [
      'another digest',
      buildBody('v2.1', 1, { run: '8', ...at('https://b.example/a', sha('b')) }),
      /its digest was a{12} and is now b{12}/,
    ],
    ['another digest in the same run', buildBody('v2.1', 1, at('https://b.example/a', sha('b'))), /its digest was/],
    [
      'another commit',
      buildBody('v2.1', 2, { run: '8', ...at('https://b.example/a', sha('a')) }),
      /made from commit 1{12} then, from 2{12} now/,
    ],
    [
      'another place and no digest',
      buildBody('v2.1', 1, { run: '8', ...at('https://b.example/b') }),
      /it lay at .*\/a and is now at .*\/b, without a digest/,
    ],
  ])('%s is refused loudly, and nothing of the earlier one is changed', async (_what, second, sentence) => {
    const { engine } = set(deployToProduction);
    await deliver(engine, first);
    const before = engine.builds.ofVersion('shop', 'v2.1');
    const end = await deliver(engine, second);
    expect(end.state).toBe('parked');
    expect(end.sentence).toMatch(sentence);
    expect(end.sentence).toContain('build 1, and a version is immutable');
    expect(actionsReported(engine)).toEqual(['build-announced', 'deployment-requested', 'build-conflict']);
    expect(engine.builds.ofVersion('shop', 'v2.1')).toEqual(before);
  });
});

describe('a failed build', () => {
  const failing = (digit: number, more = {}) => buildBody('v2.1', digit, { conclusion: 'failed', ...more });

  it('is reported once, and once again when the branch is fixed', async () => {
    const { engine } = set();
    await deliver(engine, buildBody('v2.0', 1));
    await deliver(engine, failing(2));
    await deliver(engine, failing(2));
    const still = await deliver(engine, failing(3));
    expect(still.sentence).toContain('still fails; reported as build 2');
    await deliver(engine, buildBody('v2.2', 4));
    await deliver(engine, buildBody('v2.3', 5));
    await deliver(engine, failing(6));
    expect(actionsReported(engine)).toEqual([
      'build-announced',
      'build-failed',
      'build-mended',
      'build-announced',
      'build-announced',
      'build-failed',
    ]);
    const failed = reported(engine).find(({ action }) => action === 'build-failed');
    expect(failed).toMatchObject({
      service: 'shop',
      detail: { build: 2, commit: commitOf(2), authors: [{ email: 'alice@acme.example' }] },
    });
  });

  it('is a matter of its branch and repository only', async () => {
    const { engine } = set();
    await deliver(engine, failing(1));
    await deliver(engine, failing(1, { branch: 'release/1', run: '2' }));
    await deliver(engine, failing(1, { repository: 'acme/other', run: '3' }));
    await deliver(engine, buildBody('v3', 2, { branch: 'release/1' }));
    expect(actionsReported(engine)).toEqual([
      'build-failed',
      'build-failed',
      'build-failed',
      'build-mended',
      'build-announced',
    ]);
  });

  it('that is run again and passes is fixed, though nothing else has changed', async () => {
    const { engine } = set();
    await deliver(engine, failing(1, { run: '7/1' }));
    await deliver(engine, buildBody('v2.1', 1, { run: '7/2' }));
    expect(actionsReported(engine)).toEqual(['build-failed', 'build-mended', 'build-announced']);
  });

  it('of a version that was good before is fixed by that same version', async () => {
    const { engine } = set();
    await deliver(engine, buildBody('v2.1', 1, { run: '7/1' }));
    await deliver(engine, failing(1, { run: '7/2' }));
    await deliver(engine, buildBody('v2.1', 1, { run: '7/3' }));
    expect(actionsReported(engine)).toEqual(['build-announced', 'build-failed', 'build-mended']);
  });

  it('of a host that counts no attempts is reported by the name of its run only once', async () => {
    const { engine } = set();
    await deliver(engine, failing(1, { run: '7' }));
    await deliver(engine, buildBody('v2.1', 1, { run: '7' }));
    await deliver(engine, failing(1, { run: '7' }));
    expect(actionsReported(engine)).toEqual(['build-failed', 'build-mended', 'build-announced']);
  });

  it('that arrives late says nothing of a branch that has gone on', async () => {
    const { engine } = set();
    await deliver(engine, buildBody('v2.2', 5));
    const late = await deliver(engine, failing(4));
    expect(late.sentence).toContain('v2.2 came after it');
    expect(actionsReported(engine)).toEqual(['build-announced']);
  });

  it('that arrives before its predecessor’s success is not fixed by that', async () => {
    const { engine } = set();
    await deliver(engine, failing(5));
    await deliver(engine, buildBody('v2.0', 4));
    expect(actionsReported(engine)).toEqual(['build-failed', 'build-announced']);
  });

  it('of a pull request is reported by its host only', async () => {
    const { engine } = set('      - { host: generic, pullRequests: true, targets: { staging: deploy } }\n');
    await deliver(engine, failing(1, { pullRequest: 12 }));
    expect(actionsReported(engine)).toEqual([]);
  });
});

describe('a rule that deploys', () => {
  it('asks for the deployment as a machine, under the id that was announced, with the build as its reason', async () => {
    const { engine } = set(deployToProduction);
    await deliver(engine, buildBody('v2.1', 1));
    expect(actionsReported(engine)).toEqual(['build-announced', 'deployment-requested']);
    const { became, deployment } = reactionOf(engine, 'production');
    expect(became).toBe('deploying');
    expect(reactionOf(engine, 'staging').became).toBe('ignored');
    expect(engine.deployment(deployment ?? '')).toMatchObject({
      version: 'v2.1',
      requestedBy: 'machine:generic',
      reason: 'build 1: shop v2.1 (main of acme/shop, 1111111 by Alice Adams)',
    });
    expect(reported(engine)[1]).toMatchObject({ actor: 'machine:generic', target: 'production', detail: { build: 1 } });
  });

  it('is refused by every gate like a person, and then people decide', async () => {
    const { engine } = set(deployToProduction);
    engine.lock({ actor: { kind: 'person', id: 'bob', door: 'slack' }, reason: 'stock-taking' });
    await deliver(engine, buildBody('v2.1', 1));
    await deliver(engine, buildBody('v9.9', 2));
    expect(actionsReported(engine)).toEqual(['build-announced', 'build-announced']);
    const [locked, unknown] = reported(engine).map(({ detail }) => (detail.reactions as unknown[])[0]);
    expect(locked).toMatchObject({
      became: 'announced',
      code: 'target-locked',
      sentence: expect.stringContaining('stock-taking'),
    });
    expect(unknown).toMatchObject({ became: 'announced', code: 'release-unknown' });
  });

  it('never deploys what forks built', async () => {
    const { engine } = set('      - { host: generic, pullRequests: true, targets: { staging: deploy } }\n');
    await deliver(engine, buildBody('v2.0', 1, { pullRequest: 12, forked: true }));
    await deliver(engine, buildBody('v2.1', 2, { pullRequest: 13 }));
    expect(actionsReported(engine)).toEqual(['build-announced', 'build-announced', 'deployment-requested']);
    expect(reported(engine)[0]?.detail).toMatchObject({
      pullRequest: 12,
      reactions: [{}, { became: 'announced', code: 'forked' }],
    });
    expect(reported(engine)[2]).toMatchObject({ target: 'staging' });
  });
});

describe('a build of an older commit than the live one', () => {
  it('is announced as such, and never deployed', async () => {
    const { engine } = set(deployToProduction);
    await deliver(engine, buildBody('v1.0', 5, { conclusion: 'success' }));
    await deliver(engine, buildBody('v2.1', 4));
    expect(announced(engine).older).toBe(true);
    expect(reactionOf(engine, 'production')).toMatchObject({ became: 'announced', code: 'older', older: true });
    await deliver(engine, buildBody('v2.0', 6));
    expect(announced(engine).older).toBe(false);
    expect(reactionOf(engine, 'production').became).toBe('deploying');
  });

  it('is not made older by a commit that claims to be from the future', async () => {
    const { engine, clock } = set(deployToProduction);
    await deliver(engine, buildBody('v1.0', 5, { committedAt: '2190-01-01T00:00:00Z' }));
    clock.advance(60_000);
    await deliver(engine, buildBody('v2.1', 6, { committedAt: new Date(clock.now() - 1000).toISOString() }));
    expect(reactionOf(engine, 'production').became).toBe('deploying');
  });

  it('is known by the order of announcements where a time is not known', async () => {
    const { engine } = set(deployToProduction);
    const untimed = { committedAt: undefined };
    await deliver(engine, buildBody('v2.1', 1, untimed));
    testEngine.ended(reactionOf(engine, 'production').deployment ?? '');
    await deliver(engine, buildBody('v1.0', 2, untimed));
    await deliver(engine, buildBody('v2.2', 1, { ...untimed, run: 'built once more' }));
    expect(reactionOf(engine, 'production')).toMatchObject({ code: 'older' });
  });

  it('is known by the commit that the live release names', async () => {
    const { engine, store } = set(deployToProduction);
    const untimed = { committedAt: undefined };
    await deliver(engine, buildBody('v8', 1, untimed));
    await deliver(engine, buildBody('v9', 2, untimed));
    store.write((tx) => {
      tx.db.$client.prepare("DELETE FROM releases WHERE version = 'v1.0'").run();
      const digest = Buffer.from('v1.0').toString('hex').padEnd(64, '0');
      addRelease(tx, {
        service: 'shop',
        version: 'v1.0',
        digest,
        folder: '/r',
        registeredAt: tx.now,
        origin: { commit: commitOf(2) },
      });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
    });
    await deliver(engine, buildBody('v2.1', 1, { ...untimed, run: 'late' }));
    expect(reactionOf(engine, 'production')).toMatchObject({ code: 'older' });
  });

  it('is no step back where a branch was deployed to be inspected', async () => {
    const { engine } = set(
      `${deployToProduction}      - { host: generic, pullRequests: true, targets: { staging: deploy } }\n`,
    );
    await deliver(engine, buildBody('v1.0', 9, { pullRequest: 3 }));
    await deliver(engine, buildBody('v2.1', 5));
    expect(reactionOf(engine, 'production').became).toBe('deploying');
  });
});
