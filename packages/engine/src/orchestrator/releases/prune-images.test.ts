// Which images the flow lets an environment remove. What is removed from a real Docker is in the driver's own test.

import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ImagePruning, ReleaseImage } from '../../environment/release-images.ts';
import { addBuild } from '../../state/builds.ts';
import { setPin } from '../../state/pins.ts';
import { shop } from '../../state/testing/state.ts';
import { addWaiting } from '../../state/waiting.ts';
import { aBuild } from '../../testing/a-build.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { write } from '../../testing/schema-flow.ts';
import { pruneImages } from './prune-images.ts';

let flow: Flow;
let onHost: ReleaseImage[];
beforeEach(async () => {
  flow = await startFlow({ options: '\n    keepReleases: { count: 1, age: 1d }\n    canary: []\n    bake: 5s' });
  onHost = [];
  const { environment } = flow.process().target as { environment: object };
  Object.assign(environment, { images: { ensure: async () => undefined, prune } });
});
afterEach(() => flow.close());

/** As a driver whose host has these images and no container: it asks, removes and reports. */
async function prune({ isKept, removed, atMost }: ImagePruning): Promise<readonly ReleaseImage[]> {
  const gone = onHost.filter((image) => !isKept(image)).slice(0, atMost);
  for (const image of gone) removed(image);
  return gone;
}

const digestOf = (version: string): string => `sha256:${Buffer.from(version).toString('hex').padEnd(64, '0')}`;
const image = (version: string): ReleaseImage => ({
  name: 'registry.example.com/shop',
  digest: digestOf(version),
  version,
  host: 'local',
});
const has = (...versions: readonly string[]): void => void onHost.push(...versions.map(image));

async function removed(): Promise<readonly string[]> {
  const { core, lease } = flow.process();
  const before = flow.lastSeq();
  await pruneImages({ core, store: core.store.under(lease()), actor: 'engine', service: 'shop', atMost: 5 });
  const rows = flow.people.audit.after(before, 100).filter(({ action }) => action === 'image-pruned');
  return rows.map(({ detail }) => (detail as { version: string }).version);
}

it('an image goes after the files of its release, and a row says so', async () => {
  has('v0.1');
  const before = flow.lastSeq();
  expect(await removed()).toEqual(['v0.1']);
  expect(flow.story(before)).toEqual([
    `image-pruned: the image of shop v0.1 is removed from local: nothing keeps it (registry.example.com/shop@${digestOf('v0.1')})`,
  ]);
});

it('an image stays while a release on the disk names it, under whichever version', async () => {
  const { name, digest } = image('v0.1');
  flow.layRelease('other', { 'bluegreen.image.json': JSON.stringify({ name, digest }) });
  has('v0.1', 'v0.2');
  expect(await removed()).toEqual(['v0.2']);
});

it('an image whose release cannot be read costs nothing else', async () => {
  flow.layRelease('broken', { 'bluegreen.image.json': '{' });
  has('v0.1');
  expect(await removed()).toEqual(['v0.1']);
});

it('an image stays while its version is live, pinned or waited for, or was announced last', async () => {
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  has('v1', 'pinned', 'waiting', 'announced', 'by-digest', 'free');
  const { name, digest } = image('by-digest');
  write(flow, (tx) => {
    setPin(tx, { service: 'shop', version: 'pinned', reason: 'audit', by: 'person:alice', at: tx.now });
    addBuild(tx, aBuild('v9', { artifact: { kind: 'image', reference: `${name}@${digest}` } }));
    addBuild(tx, aBuild('announced'));
    addWaiting(tx, {
      id: 'w_1',
      ...shop,
      version: 'waiting',
      hold: false,
      redeploy: false,
      requestedBy: 'person:alice',
      requestedAt: tx.now,
      status: 'queued',
    });
  });
  expect(await removed()).toEqual(['free']);
});

it('nothing is removed without keepReleases, and a few at a time with it', async () => {
  has('a', 'b', 'c', 'd', 'e', 'f', 'g');
  expect(await removed()).toHaveLength(5);
  Object.assign(flow.process().target.settings, { keepReleases: undefined });
  expect(await removed()).toEqual([]);
});
