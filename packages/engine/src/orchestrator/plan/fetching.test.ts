// A release that CI announced is fetched once, whole or not at all, and a version never gets other files: wherever the
// process is killed, and whatever another one does meanwhile.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactSource } from '../../domain/artifact.ts';
import type { Build } from '../../domain/build.ts';
import { removeFolder } from '../../lib/remove-folder.ts';
import { addBuild } from '../../state/builds.ts';
import { readRelease } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { aBuild } from '../../testing/a-build.ts';
import { alice, type Flow, shortPlan, startFlow } from '../../testing/flow.ts';
import { write } from '../../testing/schema-flow.ts';
import { clearUnfinished, isAnnounced } from './ensure-fetched.ts';

let flow: Flow;
let built: string;
beforeEach(async () => {
  built = mkdtempSync(join(tmpdir(), 'bg-built-'));
  flow = await startFlow({ options: `${shortPlan}\n    artifacts: { folders: [${built}] }` });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(async () => {
  for (const name of readdirSync(place())) await removeFolder(join(place(), name));
  await flow.close();
  rmSync(built, { recursive: true, force: true });
});

const place = (): string => flow.settings.targets[0]?.releasesFolder ?? '';
const lying = (): readonly string[] => readdirSync(place()).toSorted();
const laid = ['v1', 'v2', 'v3'];
const row = (version: string) => readRelease(flow.process().core.store.db, 'shop', version);

/** CI builds it, and announces where. */
function announce(version: string, text = version, change: Partial<Build> = {}): void {
  const path = join(built, `${version}-${text}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'server.mjs'), text);
  write(flow, (tx) => void addBuild(tx, aBuild(version, { artifact: { kind: 'directory', path }, ...change })));
}

describe('a release that CI announced', () => {
  it('is fetched by its deployment, is read-only from then on, and says where it comes from', async () => {
    const authors = [{ name: 'Alice', email: undefined, login: undefined }];
    announce('v4', 'four', { commit: 'abcdef0123', subject: 'Add carts', authors });
    const id = flow.ask('v4');
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    expect(readFileSync(join(place(), 'v4', 'server.mjs'), 'utf8')).toBe('four');
    for (const path of ['v4', 'v4/server.mjs']) expect(statSync(join(place(), path)).mode & 0o222).toBe(0);
    expect(row('v4')?.origin).toEqual({ commit: 'abcdef0123', author: 'Alice', subject: 'Add carts' });
    expect(flow.people.audit.after(0, 100).find(({ action }) => action === 'release-fetched')).toMatchObject({
      deploymentId: id,
      detail: { version: 'v4', digest: row('v4')?.digest },
    });
    expect(lying()).toEqual([...laid, 'v4']);
  });

  it('and is here already is not fetched again, also when it was put there by hand', async () => {
    announce('v2');
    await flow.live('v2');
    expect(flow.actions()).not.toContain('release-fetched');
  });

  it.each<[string, () => ArtifactSource, code: string, why: RegExp]>([
    [
      'lies outside the configured folders',
      () => ({ kind: 'directory', path: tmpdir() }),
      'artifact-refused',
      /in none of the folders/,
    ],
    ['is not there', () => ({ kind: 'directory', path: join(built, 'gone') }), 'artifact-refused', /cannot be found/],
    [
      'is an archive of another sha256',
      () => {
        writeFileSync(join(built, 'v4.tar.gz'), 'not that');
        return { kind: 'archive', path: join(built, 'v4.tar.gz'), sha256: 'a'.repeat(64) };
      },
      'artifact-refused',
      /its sha256 is .*, and CI announced aaaa/,
    ],
  ])('and %s is refused, written once, and leaves nothing behind', async (_, artifact, code, why) => {
    announce('v4', 'four', { artifact: artifact() });
    const { outcome } = await flow.finish(flow.ask('v4'));
    expect(outcome).toMatchObject({ kind: 'failed', code, sentence: expect.stringMatching(why) });
    expect(flow.actions().filter((action) => action === 'release-refused')).toHaveLength(1);
    expect(lying()).toEqual(laid);
    expect(row('v4')).toBeUndefined();
  });

  it('and was pruned is fetched again, but only with the files that were registered', async () => {
    announce('v4');
    await flow.live('v4');
    await flow.live('v1');
    await flow.live('v2');
    await removeFolder(join(place(), 'v4'));
    announce('v4', 'other');
    const { outcome } = await flow.finish(flow.ask('v4'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
    expect(outcome?.sentence).toMatch(/^v4 is refused: it was registered with other files \(\w{12}, now \w{12}\)/);
    expect(lying()).toEqual(laid);
    announce('v4');
    await flow.live('v4');
  });

  const sha = 'b'.repeat(64);
  it.each<[string, artifact: ArtifactSource, kind: string]>([
    ['another sha256', { kind: 'archive', path: '/x', sha256: 'c'.repeat(64) }, 'failed'],
    ['the same sha256', { kind: 'archive', path: '/x', sha256: sha.toUpperCase() }, 'promoted'],
    ['no sha256', { kind: 'url', url: 'https://x/y', sha256: undefined }, 'promoted'],
    ['a folder', { kind: 'directory', path: '/x' }, 'promoted'],
    ['another image', { kind: 'image', reference: `x@sha256:${'c'.repeat(64)}` }, 'failed'],
  ])('and is announced again with %s, while its files are here', async (_, artifact, kind) => {
    const detail = { version: 'v2', source: 'ci', bytes: 1, files: 1, sha256: sha, digest: '' };
    flow
      .process()
      .core.store.write((tx) =>
        tx.audit({ ...shop, actor: 'engine', action: 'release-fetched', sentence: 'v2 fetched from ci', detail }),
      );
    write(flow, (tx) => void addBuild(tx, aBuild('v2', { artifact })));
    const { outcome } = await flow.finish(flow.ask('v2'));
    expect(outcome).toMatchObject(kind === 'failed' ? { kind, code: 'release-modified' } : { kind });
  });

  it('and is an image is refused where programs run', async () => {
    const image = { name: 'shop', digest: `sha256:${'c'.repeat(64)}` };
    flow.layRelease('v2', { 'bluegreen.image.json': JSON.stringify(image) });
    const { outcome } = await flow.finish(flow.ask('v2'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'release-invalid' });
    expect(outcome?.sentence).toMatch(/^v2 is the image shop@sha256:c+, and \S+ runs programs/);
  });

  it('may be deployed before it is here; one whose build failed may not', () => {
    announce('v4');
    announce('v5', 'five', { conclusion: 'failed' });
    const { core, target } = flow.process();
    expect(['v4', 'v5', 'v6'].map((version) => isAnnounced(core, target, version))).toEqual([true, false, false]);
  });
});

describe('a fetch that is cut off', () => {
  it.each(['before', 'after'] as const)(
    '%s any of its writes is done by the next process, with the same files',
    async (moment) => {
      let kills = 0;
      for (let write = 1; ; write += 1) {
        const version = `r${write}`;
        announce(version);
        const id = flow.ask(version);
        flow.process().life.dieAt(write, moment);
        await flow.until(id, ({ plan }) => plan !== null);
        const isKilledHere = flow.process().life.isDead() && flow.row(id).phase === 'fetching';
        flow.restart();
        await clearUnfinished(flow.process().core);
        expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
        expect(lying().filter((name) => name.startsWith('.') || name === version)).toEqual([version]);
        if (!isKilledHere) break;
        kills += 1;
      }
      // It writes that it was fetched, the plan, and what people said meanwhile.
      expect(kills).toBeGreaterThanOrEqual(3);
    },
  );

  it('leaves its place, which the next controller clears, and no place of a process that still fetches', async () => {
    for (const name of ['.fetching-v4-17', '.fetching-v4-17.files', `.fetching-v5-by-hand-${process.pid}`]) {
      mkdirSync(join(place(), name, 'below'), { recursive: true });
      chmodSync(join(place(), name, 'below'), 0o555);
    }
    await clearUnfinished(flow.process().core);
    expect(lying()).toEqual([`.fetching-v5-by-hand-${process.pid}`, ...laid]);
  });

  it('by a folder that appeared meanwhile replaces nothing', async () => {
    announce('v4', 'four');
    const { core } = flow.process();
    const id = flow.ask('v4');
    await flow.until(id, () => {
      if (flow.actions().includes('release-fetched') && !existsSync(join(place(), 'v4')))
        flow.layRelease('v4', { 'server.mjs': 'by hand' });
      return false;
    });
    expect(flow.view(id).outcome).toMatchObject({ kind: 'failed', code: 'artifact-refused' });
    expect(readFileSync(join(place(), 'v4', 'server.mjs'), 'utf8')).toBe('by hand');
    expect(readRelease(core.store.db, 'shop', 'v4')).toBeUndefined();
  });

  it('by a lost lease moves nothing into the place of the release', async () => {
    announce('v4');
    const id = flow.ask('v4');
    const { life, run } = flow.process();
    life.dieAt(1, 'before');
    await expect(run(id)).rejects.toMatchObject({ code: 'fenced-out' });
    expect(lying()).toEqual(laid);
    expect(row('v4')).toBeUndefined();
  });

  it('by a person leaves nothing, and is an abort', async () => {
    announce('v4');
    const id = flow.ask('v4');
    flow.people.abort({ id }, alice, 'not today');
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'given-up' });
    expect(flow.slots()).toEqual({ blue: 'idle', green: 'idle' });
  });
});
