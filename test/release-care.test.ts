// What is looked after while releases run: their files, what both slots were started with, and the disk.

import { statSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { announceBuild } from './support/artifacts.ts';
import { alice, deployed, eventually, finished, movable, type Stage, setStage, until, value } from './support/stage.ts';

const slot = (engine: Engine, name: 'blue' | 'green'): SlotView | undefined =>
  engine.status().targets[0]?.slots.find((each) => each.slot === name);
const reported = (engine: Engine, action: string) =>
  engine.audit.after(0, 10_000).filter((row) => row.action === action);
const releases = (stage: Stage): string => join(stage.folder, 'releases', 'shop');

interface Played {
  readonly stage: Stage;
  readonly engine: Engine;
  readonly clock: ReturnType<typeof movable>;
  /** Stops the controller and begins with another one. */
  again(): Promise<Engine>;
}

async function play(
  options: { target?: string; service?: string },
  act: (played: Played) => Promise<void>,
): Promise<void> {
  const clock = movable();
  const stage = await setStage({ target: '\n        canary: []\n        bake: 1s\n', ...options, clock });
  let driver = stage.drive();
  const again = async () => {
    await driver.stop();
    driver = stage.drive('another');
    return driver.engine;
  };
  try {
    await act({ stage, engine: driver.engine, clock, again });
  } finally {
    await stage.strike();
  }
}

/** A look is due a minute after the one before; time does not jump so often that the lease would run out all the time. */
async function afterAMinute(clock: Played['clock'], what: () => boolean): Promise<void> {
  let movedAt = 0;
  await eventually(() => {
    if (Date.now() - movedAt > 5_000) {
      clock.advance(100_000);
      movedAt = Date.now();
    }
    return what();
  });
}

describe.concurrent('the files of a release that runs', { timeout: 120_000 }, () => {
  it('are reported once when they change, by name, and once when they are fixed; a touch changes nothing', () =>
    play({}, async ({ stage, engine, clock, again }) => {
      await deployed(engine, 'v1.0');
      const file = join(releases(stage), 'v1.0', 'page.mjs');
      const before = await readFile(file);
      await eventually(() => (slot(engine, 'blue')?.health ?? '') === 'healthy');
      await readAll(stage, 0);

      const touchedAt = Date.now();
      await writeFile(file, before);
      clock.advance(200_000);
      await readAll(stage, touchedAt);
      await appendFile(file, '\n// changed');
      await afterAMinute(clock, () => reported(engine, 'release-drifted').length > 0);
      const [drifted] = reported(engine, 'release-drifted');
      expect(drifted).toMatchObject({ service: 'shop', detail: { version: 'v1.0', files: ['page.mjs'], count: 1 } });
      expect(slot(engine, 'blue')?.filesDrift).toMatchObject({ files: ['page.mjs'], count: 1 });
      expect(slot(engine, 'blue')?.role).toBe('active');

      // The next controller knows which files they were, and does not report it again.
      const next = await again();
      await eventually(() => slot(next, 'blue')?.health === 'healthy');
      clock.advance(200_000);
      await writeFile(file, before);
      await afterAMinute(clock, () => reported(next, 'release-restored').length > 0);
      expect([reported(next, 'release-drifted').length, reported(next, 'release-restored').length]).toEqual([1, 1]);
      expect(slot(next, 'blue')?.filesDrift).toBeUndefined();
    }));
});

/** The list of files is stored whenever they were read whole and found good. */
async function readAll(stage: Stage, sinceMs: number): Promise<void> {
  const list = join(stage.settings.stateFolder, 'listings', 'shop', 'v1.0.json');
  await eventually(() => (statSync(list, { throwIfNoEntry: false })?.mtimeMs ?? 0) > sinceMs);
}

describe.concurrent('what a slot was started with', { timeout: 120_000 }, () => {
  const withFiles = (stage: string, own: string) => `
        canary: []
        bake: 1s
        envFiles: [${stage}]
        ${own}
`;

  it('is compared with a start now and with the other slot, only by names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bg-env-'));
    const common = join(folder, 'common.conf');
    await writeFile(common, 'PAYMENTS_KEY=first-secret\nMODE=plain\n');
    await play({ target: withFiles(common, '') }, async ({ stage, engine, clock }) => {
      await deployed(engine, 'v1.0');
      expect(slot(engine, 'blue')?.wouldChange).toBeUndefined();
      await writeFile(common, 'PAYMENTS_KEY=second-secret\nMODE=plain\nNEW_NAME=third-secret\n');
      await afterAMinute(clock, () => slot(engine, 'blue')?.wouldChange !== undefined);
      expect(slot(engine, 'blue')?.wouldChange).toEqual(
        expect.objectContaining({ variables: ['NEW_NAME', 'PAYMENTS_KEY'], command: false }),
      );
      expect(reported(engine, 'configuration-differs')).toHaveLength(0);

      await deployed(engine, 'v2.0');
      await eventually(() => reported(engine, 'configuration-differs').length === 1);
      expect(reported(engine, 'configuration-differs')[0]).toMatchObject({
        target: 'production',
        detail: { variables: ['NEW_NAME', 'PAYMENTS_KEY'] },
        sentence: expect.stringContaining('v1.0'),
      });
      await afterAMinute(clock, () => slot(engine, 'green')?.wouldChange === undefined);
      await deployed(engine, 'v2.1');
      await afterAMinute(clock, () => slot(engine, 'blue')?.wouldChange === undefined);
      expect(reported(engine, 'configuration-differs')).toHaveLength(1);

      await rm(common);
      await afterAMinute(clock, () => slot(engine, 'blue')?.wouldChange?.problem !== undefined);
      expect(slot(engine, 'blue')?.wouldChange?.problem).toContain('common.conf cannot be read');
      const kept = await readdir(stage.settings.stateFolder, { recursive: true, withFileTypes: true });
      const texts = kept
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
      expect((await Promise.all(texts)).filter((text) => /(first|second|third)-secret/.test(text))).toEqual([]);
    });
    await rm(folder, { recursive: true });
  });
});

describe.concurrent('the disk', { timeout: 180_000 }, () => {
  it('loses what nothing keeps, by itself, and never what can be gone back to', () =>
    play({ service: '    keepReleases: { count: 1, age: 1h }' }, async ({ stage, engine, clock }) => {
      for (const version of ['v1.1', 'v1.2', 'v1.3', 'v1.4']) await copyOf(stage, version);
      for (const version of ['v1.0', 'v1.1', 'v1.2', 'v1.3', 'v1.4'])
        expect((await deployed(engine, version)).outcome?.kind).toBe('promoted');
      expect(value(engine.storedReleases.list({})).map(({ version }) => version)).toContain('v1.0');
      clock.advance(3 * 3_600_000);
      await eventually(() => reported(engine, 'release-pruned').length > 0);
      expect(reported(engine, 'release-pruned')).toMatchObject([{ actor: 'engine', detail: { version: 'v1.0' } }]);
      const left = async () =>
        (await readdir(releases(stage))).filter((name) => name.startsWith('v1.') || name.startsWith('.')).toSorted();
      // It is written first, and taken from the disk then.
      await eventually(async () => (await left()).join() === 'v1.1,v1.2,v1.3,v1.4');
      // Cleanup does not remove what was never registered.
      expect(await readdir(releases(stage))).toContain('v2.1');
      const refused = engine.rollback({ version: 'v1.0', actor: alice });
      expect(refused).toMatchObject({ ok: false, refusal: { code: 'release-unknown' } });
      // Put back, it must be what it was.
      await copyOf(stage, 'v1.0', '// another');
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
    }));
});

describe.concurrent('a release that left the disk', { timeout: 180_000 }, () => {
  it('is fetched again by a rollback to it, where CI has said where it is', async () => {
    const built = await mkdtemp(join(tmpdir(), 'bg-built-'));
    const service = `    keepReleases: { count: 1, age: 1h }\n    artifacts: { folders: ['${built}'] }`;
    await play({ service }, async ({ stage, engine, clock }) => {
      for (const version of ['v1.1', 'v1.2', 'v1.3', 'v1.4']) await copyOf(stage, version);
      await cp(join(releases(stage), 'v1.0'), join(built, 'v1.0'), { recursive: true });
      for (const version of ['v1.0', 'v1.1', 'v1.2', 'v1.3', 'v1.4']) await deployed(engine, version);
      for (const version of ['v1.0', 'v9.9'])
        announceBuild(stage.settings, version, { kind: 'directory', path: join(built, version) });
      clock.advance(3 * 3_600_000);
      await eventually(() => reported(engine, 'release-pruned').length > 0);
      const back = await until(engine, value(engine.rollback({ version: 'v1.0', actor: alice })).id, finished, 60_000);
      expect(back.outcome?.kind).toBe('promoted');
      expect(reported(engine, 'release-fetched')).toMatchObject([{ detail: { version: 'v1.0' } }]);
      expect(reported(engine, 'release-pruned')).toHaveLength(1);
    });
    await rm(built, { recursive: true });
  });
});

/** A release like v2.0 under another version. */
async function copyOf(stage: Stage, version: string, more = ''): Promise<void> {
  const folder = join(releases(stage), version);
  await cp(join(releases(stage), 'v2.0'), folder, { recursive: true });
  await writeFile(
    join(folder, 'server.mjs'),
    `import { release } from './releases/v2.0.mjs';\nimport { startShop } from './shop.mjs';\n${more}\nstartShop({ ...release, version: '${version}' });\n`,
  );
}
