// Which images are removed from a real Docker, and which never.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { talkingServer } from '../contract-fixture.ts';
import type { ReleaseFiles } from '../environment.ts';
import type { ImagePruning, ReleaseImage } from '../release-images.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';
import { startRegistry, type TestRegistry } from './testing/registry.ts';

const { socket, why } = await dockerForTests();
const registry = socket === undefined ? undefined : await startRegistry();
const reason = why ?? (registry ? undefined : 'docker-registry is not installed');

let fixture: DockerFixture;
let removed: ReleaseImage[];
const digests: string[] = [];
const there = (): TestRegistry => registry as TestRegistry;
const name = () => `${there().name}/acme/shop`;
const referenceOf = (digest: string) => `${name()}@${digest}`;

const released = (version: string, digest: string): ReleaseFiles => {
  const folder = join(fixture.folder, 'releases', version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bluegreen.image.json'), JSON.stringify({ name: name(), digest }));
  return { version, digest: `digest-of-${version}`, folder };
};

const isThere = (digest: string): Promise<boolean> =>
  fixture.docker
    .getImage(referenceOf(digest))
    .inspect()
    .then(Boolean, () => false);

const notes = () => readdirSync(join(fixture.stateFolder, 'images/shop/production'));

function prune(more: Partial<ImagePruning> = {}) {
  const { images } = fixture.environment;
  if (!images) throw new Error('the driver runs no images');
  return images.prune({
    service: 'shop',
    target: 'production',
    atMost: 10,
    isKept: () => false,
    removed: (image) => removed.push(image),
    signal: undefined,
    ...more,
  });
}

async function pulled(count: number): Promise<readonly string[]> {
  const used = digests.slice(0, count);
  for (const [index, digest] of used.entries())
    await fixture.environment.images?.ensure(fixture.blue, released(`v${index + 1}`, digest));
  expect(await Promise.all(used.map(isThere))).toEqual(used.map(() => true));
  return used;
}

describe.skipIf(reason !== undefined)(`images that nothing keeps${reason ? ` (skipped: ${reason})` : ''}`, () => {
  beforeAll(async () => {
    fixture = await makeDockerFixture(socket ?? '');
    for (const version of ['1', '2', '3'])
      digests.push(await there().publish(fixture.docker, 'acme/shop', `${talkingServer}\n// ${version}\n`));
    await fixture.close();
  });
  afterAll(() => registry?.close());
  beforeEach(async () => {
    fixture = await makeDockerFixture(socket ?? '');
    removed = [];
  });
  afterEach(async () => {
    await fixture.close();
    for (const digest of digests)
      await fixture.docker
        .getImage(referenceOf(digest))
        .remove({ force: true })
        .catch(() => undefined);
  });

  it('are removed, oldest first and a few at a time, and each is reported once', async () => {
    const [one = '', two = '', three = ''] = await pulled(3);
    const gone = await prune({ atMost: 2, isKept: ({ digest }) => digest === three });
    expect(gone).toEqual([
      { name: name(), digest: one, version: 'v1', host: 'local' },
      { name: name(), digest: two, version: 'v2', host: 'local' },
    ]);
    expect(removed).toEqual(gone);
    expect(await Promise.all([one, two, three].map(isThere))).toEqual([false, false, true]);
    expect(await prune({ isKept: ({ digest }) => digest === three })).toEqual([]);
    expect(notes()).toHaveLength(1);
  });

  it('are kept by what the caller says of their version, asked again right before the removal', async () => {
    const [one = ''] = await pulled(1);
    expect(await prune({ isKept: ({ version }) => version === 'v1' })).toEqual([]);
    const answers = [false, true];
    expect(await prune({ isKept: () => answers.shift() ?? false })).toEqual([]);
    expect(answers).toEqual([]);
    expect(await isThere(one)).toBe(true);
  });

  it('are never removed while a slot runs them, and not while a stopped container of anybody is made of them', async () => {
    const { environment, blue, docker, settings } = fixture;
    const [one = '', two = ''] = await pulled(2);
    await environment.start(blue, released('v1', one), { ...settings, command: [] });
    const foreign = await docker.createContainer({ Image: referenceOf(two), name: `foreign-${process.pid}` });
    try {
      expect(await prune()).toEqual([]);
      expect(await Promise.all([one, two].map(isThere))).toEqual([true, true]);
    } finally {
      await foreign.remove({ force: true });
    }
    expect(await prune()).toMatchObject([{ version: 'v2' }]);
    await environment.stop(blue, 5_000);
    expect(await prune()).toMatchObject([{ version: 'v1' }]);
  });

  it('are not removed while another tag names them, and neither is the tag', async () => {
    const { docker } = fixture;
    const [one = ''] = await pulled(1);
    await docker.getImage(referenceOf(one)).tag({ repo: 'somebody/else', tag: 'kept' });
    try {
      expect(await prune()).toEqual([]);
      expect(await docker.getImage('somebody/else:kept').inspect()).toBeDefined();
      expect(await isThere(one)).toBe(true);
    } finally {
      await docker.getImage('somebody/else:kept').remove();
    }
    expect(await prune()).toMatchObject([{ version: 'v1' }]);
  });

  it('are not removed when they were on the host before, or were built from', async () => {
    const { docker, environment, blue } = fixture;
    const [one = '', two = ''] = digests;
    await (await docker.pull(referenceOf(two))).resume();
    await expect.poll(() => isThere(two), { timeout: 60_000 }).toBe(true);
    await environment.images?.ensure(blue, released('v2', two));
    expect(await prune()).toEqual([]);
    expect(await isThere(two)).toBe(true);
    await environment.images?.ensure(blue, released('v1', one));
    expect(await prune()).toMatchObject([{ version: 'v1' }]);
  });

  it('that a person removed are forgotten without a word; what a killed engine removed is reported by the next', async () => {
    const { docker, stateFolder } = fixture;
    const [one = '', two = ''] = await pulled(2);
    for (const digest of [one, two]) await docker.getImage(referenceOf(digest)).remove();
    const folder = join(stateFolder, 'images/shop/production');
    for (const file of readdirSync(folder)) {
      const note = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      if (note.version === 'v2') writeFileSync(join(folder, file), JSON.stringify({ ...note, removing: true }));
    }
    expect(await prune()).toMatchObject([{ version: 'v2' }]);
    expect(removed).toMatchObject([{ version: 'v2' }]);
    expect(notes()).toEqual([]);
  });

  it('stay where a host does not answer, and a note that cannot be read costs no image', async () => {
    const { stateFolder, withSettings } = fixture;
    const [one = ''] = await pulled(1);
    const silent = withSettings({
      hosts: [{ name: 'local', address: 'unix:///nowhere/docker.sock', endpointHost: '127.0.0.1' }],
    });
    const pruning = { service: 'shop', target: 'production', atMost: 10, isKept: () => false, signal: undefined };
    expect(await silent.images?.prune({ ...pruning, removed: (image) => removed.push(image) })).toEqual([]);
    expect(notes()).toHaveLength(1);
    writeFileSync(join(stateFolder, 'images/shop/production', notes()[0] ?? ''), '{');
    expect(await prune()).toEqual([]);
    expect(await isThere(one)).toBe(true);
    expect(removed).toEqual([]);
  });
});
