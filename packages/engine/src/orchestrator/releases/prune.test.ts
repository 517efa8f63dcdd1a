// Releases on a real disk and a real state: what stays, what goes, and what a process leaves that is killed in between.

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addBuild } from '../../state/builds.ts';
import { addContract } from '../../state/contracts.ts';
import { addDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { addQuarantine, addRelease, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { addWaiting } from '../../state/waiting.ts';
import { aBuild } from '../../testing/a-build.ts';
import { alice, ci, codeOf, digestOf, eve, startTestEngine, type TestEngine } from '../verbs/testing/test-engine.ts';

const day = 86_400_000;
let testEngine: TestEngine;
beforeEach(() => {
  testEngine = startTestEngine('        keepReleases: { count: 2, age: 30d }\n');
  testEngine.serving('v2.0');
});
afterEach(() => testEngine.remove());

const place = (): string => join(testEngine.folder, 'releases');
const folderOf = (version: string): string => join(place(), version);
const write = (change: (tx: Tx) => void) =>
  testEngine.store.write((tx) => {
    change(tx);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });

/** A registered release with read-only files, as a fetched one has. */
function lay(version: string, ageMs = 90 * day, files = 3): void {
  mkdirSync(join(folderOf(version), 'below'), { recursive: true });
  for (let file = 0; file < files; file += 1) writeFileSync(join(folderOf(version), 'below', `${file}.txt`), version);
  chmodSync(join(folderOf(version), 'below'), 0o555);
  chmodSync(folderOf(version), 0o555);
  write((tx) =>
    addRelease(tx, {
      service: 'shop',
      version,
      digest: digestOf(version),
      folder: folderOf(version),
      registeredAt: tx.now - ageMs,
      bytes: 100,
    }),
  );
}

function wasLive(version: string, leftMs: number): void {
  write((tx) =>
    addDeployment(tx, {
      id: `d_${version}`,
      ...shop,
      version,
      digest: digestOf(version),
      mode: 'deploy',
      slot: 'green',
      hold: false,
      requestedBy: 'person:alice',
      requestedAt: tx.now - leftMs,
      position: 1,
      direction: 'forward',
      phase: 'finished',
      stateVersion: 9,
      promotedAt: tx.now - leftMs,
      outcome: 'promoted',
      finishedAt: tx.now - leftMs,
    }),
  );
}

function reasons(): Readonly<Record<string, string | undefined>> {
  const listed = testEngine.engine.storedReleases.list({});
  if (!listed.ok) throw new Error(listed.refusal.sentence);
  return Object.fromEntries(listed.value.map(({ version, kept }) => [version, kept]));
}

async function prune(dryRun = false): Promise<readonly string[]> {
  const gone = await testEngine.engine.storedReleases.prune({ dryRun, actor: alice });
  if (!gone.ok) throw new Error(gone.refusal.sentence);
  return gone.value.map(({ version }) => version);
}

const reported = (action: string) => testEngine.engine.audit.after(0, 1_000).filter((row) => row.action === action);

describe('a release stays', () => {
  it('while count or age keeps it; then it goes, whole, and that is written', async () => {
    lay('v0.1', 40 * day);
    lay('v0.2', 20 * day);
    expect(reasons()).toMatchObject({
      'v0.1': undefined,
      'v0.2': 'used not long ago',
      'v2.1': 'one of the 2 used last',
    });
    expect(await prune(true)).toEqual(['v0.1']);
    expect(existsSync(folderOf('v0.1'))).toBe(true);
    expect(await prune()).toEqual(['v0.1']);
    expect(readdirSync(place()).toSorted()).toEqual(['v0.2', 'v1.0', 'v2.0', 'v2.1']);
    expect(reported('release-pruned')).toMatchObject([
      { actor: 'person:alice', service: 'shop', detail: { version: 'v0.1', bytes: 100 } },
    ]);
    expect(await prune()).toEqual([]);
  });

  it('while it is in a slot, is to come back there, is deployed, contracted or waited for, or was announced last', () => {
    for (const version of ['v0.1', 'v0.2', 'v0.3', 'v0.4', 'v0.5', 'v0.6', 'v0.7']) lay(version);
    testEngine.running('bake', { version: 'v0.2', fromVersion: 'v0.3' });
    write((tx) => {
      setSlot(tx, shop, 'green', { displacedVersion: 'v0.1' });
      addContract(tx, {
        id: 'c_1',
        ...shop,
        version: 'v0.4',
        digest: digestOf('v0.4'),
        migrations: [],
        statements: [],
        impossible: [],
        requestedBy: 'person:alice',
        requestedAt: tx.now,
        needed: 1,
        deadlineAt: tx.now + 1,
        status: 'pending',
      });
      for (const [version, conclusion] of [
        ['v0.5', 'succeeded'],
        ['v0.9', 'failed'],
      ] as const)
        addBuild(tx, aBuild(version, { conclusion }));
      addWaiting(tx, {
        id: 'w_1',
        ...shop,
        version: 'v0.7',
        hold: false,
        redeploy: false,
        requestedBy: 'person:alice',
        requestedAt: tx.now,
        status: 'queued',
      });
    });
    testEngine.clock.advance(60 * day);
    expect(reasons()).toMatchObject({
      'v1.0': expect.stringContaining('active in blue of production'),
      'v2.0': expect.stringContaining('standby in green of production'),
      'v0.1': 'what green of production is restored to',
      'v0.2': 'in the running deployment d_live',
      'v0.3': 'in the running deployment d_live',
      'v0.4': 'its contract of the schema is waiting',
      'v0.5': 'the newest that CI announced',
      'v0.6': undefined,
      'v0.7': 'waits to be deployed to production',
    });
  });

  it('as one of the last three that were live, those marked bad not counted', () => {
    for (const [index, version] of ['v0.1', 'v0.2', 'v0.3', 'v0.4'].entries()) {
      lay(version);
      wasLive(version, (80 - index) * day);
    }
    write((tx) =>
      addQuarantine(tx, {
        service: 'shop',
        version: 'v0.3',
        digest: digestOf('v0.3'),
        reason: 'errs',
        by: 'engine',
        at: tx.now,
      }),
    );
    testEngine.clock.advance(60 * day);
    expect(reasons()).toMatchObject({
      'v0.1': undefined,
      'v0.2': 'one of the last 3 of production to go back to',
      'v0.3': undefined,
      'v0.4': 'one of the last 3 of production to go back to',
    });
  });

  it('while it is pinned, by a person and with a reason', async () => {
    lay('v0.1');
    const pin = (actor: typeof alice, reason: string, version = 'v0.1') =>
      codeOf(testEngine.engine.storedReleases.pin({ version, reason, actor }));
    expect(pin(eve, 'mine')).toBe('not-in-team');
    expect(pin(ci, 'mine')).toBe('not-in-team');
    expect(pin(alice, '  ')).toBe('reason-missing');
    expect(pin(alice, 'audit', 'v9.9')).toBe('release-unknown');
    expect(pin(alice, 'audit')).toBe('ok');
    expect(reasons()['v0.1']).toBe('pinned by alice: audit');
    expect(await prune()).toEqual([]);
    expect(codeOf(testEngine.engine.storedReleases.unpin({ version: 'v0.1', actor: eve }))).toBe('not-in-team');
    expect(codeOf(testEngine.engine.storedReleases.unpin({ version: 'v0.1', actor: alice }))).toBe('ok');
    expect(codeOf(testEngine.engine.storedReleases.unpin({ version: 'v0.1', actor: alice }))).toBe('not-allowed-now');
    expect(await prune()).toEqual(['v0.1']);
    expect([reported('release-pinned').length, reported('release-unpinned').length]).toEqual([1, 1]);
  });

  it('when the engine has not made it: an unregistered folder, a link, another place', async () => {
    mkdirSync(folderOf('by-hand'));
    const elsewhere = join(testEngine.folder, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, folderOf('v0.2'));
    for (const [version, folder] of [
      ['v0.1', elsewhere],
      ['v0.2', folderOf('v0.2')],
      ['v0.3', folderOf('by-hand')],
    ] as const)
      write((tx) => addRelease(tx, { service: 'shop', version, digest: digestOf(version), folder, registeredAt: 1 }));
    expect(await prune()).toEqual([]);
    expect([existsSync(elsewhere), existsSync(folderOf('by-hand'))]).toEqual([true, true]);
  });

  it('without `keepReleases`, and where another service takes its releases from the same folder', async () => {
    lay('v0.1');
    write((tx) =>
      addRelease(tx, {
        service: 'kiosk',
        version: 'v0.1',
        digest: digestOf('v0.1'),
        folder: folderOf('v0.1'),
        registeredAt: 1,
      }),
    );
    expect(reasons()['v0.1']).toBe('in a folder that kiosk takes its releases from, too');
    const other = startTestEngine();
    other.serving();
    other.clock.advance(900 * day);
    const listed = other.engine.storedReleases.list({});
    expect(listed.ok && listed.value.find(({ version }) => version === 'v2.1')?.kept).toContain(
      'without `keepReleases`',
    );
    other.remove();
  });
});

describe('a release that is gone', () => {
  it('is not what a rollback goes to, and is refused with that reason when a person names it', async () => {
    lay('v0.1');
    wasLive('v0.1', 80 * day);
    const back = () => codeOf(testEngine.engine.rollback({ version: 'v0.1', actor: alice }));
    renameSync(folderOf('v0.1'), join(testEngine.folder, 'taken'));
    expect(back()).toBe('release-unknown');
    write((tx) =>
      addBuild(tx, aBuild('v0.1', { artifact: { kind: 'url', url: 'https://a.test/a.tgz', sha256: undefined } })),
    );
    expect(back()).toBe('ok');
  });
});

describe('a process that is killed while it removes releases', { timeout: 120_000 }, () => {
  it('leaves a release, or a name that the next one clears: what is not written has not happened', async () => {
    lay('v0.1');
    lay('v0.2');
    renameSync(folderOf('v0.1'), join(place(), '.pruned-0123abcd-v0.1'));
    expect(
      await testEngine.engine.storedReleases.pin({ version: 'v0.1', reason: 'audit', actor: alice }),
    ).toMatchObject({
      ok: true,
    });
    expect(await prune()).toEqual(['v0.2']);
    expect(readdirSync(place()).toSorted()).toEqual(['v0.1', 'v1.0', 'v2.0', 'v2.1']);
    expect(readdirSync(join(folderOf('v0.1'), 'below'))).toHaveLength(3);
  });

  it('six times at any moment: every release is whole or written as gone, and in the end nothing is left over', async () => {
    const versions = Array.from({ length: 30 }, (_, index) => `v0.${index}`);
    for (const version of versions) lay(version, 90 * day, 40);
    for (let round = 0; round < 6; round += 1) {
      await killWhilePruning(round * 25);
      const gone = new Set(reported('release-pruned').map(({ detail }) => detail.version));
      for (const version of versions) {
        const isHere = existsSync(folderOf(version));
        if (isHere) expect(readdirSync(join(folderOf(version), 'below'))).toHaveLength(40);
        else if (!gone.has(version))
          expect(readdirSync(place()).some((name) => name.endsWith(`-${version}`))).toBe(true);
      }
    }
    await prune();
    expect(readdirSync(place()).toSorted()).toEqual(['v1.0', 'v2.0', 'v2.1']);
    expect(new Set(reported('release-pruned').map(({ detail }) => detail.version)).size).toBe(versions.length);
  });
});

async function killWhilePruning(afterMs: number): Promise<void> {
  const script = join(import.meta.dirname, 'testing/prune-process.ts');
  const child = spawn(process.execPath, [script, join(testEngine.folder, 'bluegreen.yaml')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs));
  await ended;
}
