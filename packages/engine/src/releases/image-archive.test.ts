// Archives of images as Docker, skopeo and buildx write them, and what is wrong with some.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readImage } from '../lib/image-file.ts';
import { sha256Of, type TestEntry, tarOf } from './testing-archive.ts';
import { fetchInto, testLimits, testSettings } from './testing-fetch.ts';

const here = process.arch === 'x64' ? 'amd64' : process.arch;
const another = here === 'amd64' ? 'arm64' : 'amd64';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-archive-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytesOf = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const blob = (bytes: Buffer): TestEntry => ({ name: `blobs/sha256/${sha256Of(bytes)}`, body: bytes });
const described = (bytes: Buffer, more: object = {}) => ({
  digest: `sha256:${sha256Of(bytes)}`,
  size: bytes.length,
  ...more,
});

async function anImage(architecture = here) {
  const layer = await tarOf([{ name: 'app/server.mjs', body: 'console.log("shop");' }]);
  const diffIds = [`sha256:${sha256Of(layer)}`];
  const config = bytesOf({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: diffIds } });
  return { layer, config, digest: `sha256:${sha256Of(config)}` };
}

type AnImage = Awaited<ReturnType<typeof anImage>>;

function layoutOf({ layer, config }: AnImage, more: Partial<Record<'annotations' | 'platform', object>> = {}) {
  const zipped = gzipSync(layer);
  const manifest = bytesOf({ schemaVersion: 2, config: described(config), layers: [described(zipped)] });
  return { entries: [config, zipped, manifest].map(blob), manifest: described(manifest, more), zipped };
}

const layout = (manifests: readonly object[], ...entries: readonly (readonly TestEntry[])[]): TestEntry[] => [
  { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
  { name: 'index.json', body: bytesOf({ schemaVersion: 2, manifests }) },
  ...new Map(entries.flat().map((each) => [each.name, each])).values(),
];

const saved = ({ layer, config, digest }: AnImage, tags: readonly string[] | null = ['acme/shop:1']): TestEntry[] => {
  const name = `${digest.slice(7)}.json`;
  return [
    { name, body: config },
    { name: 'abc/layer.tar', body: layer },
    { name: 'manifest.json', body: bytesOf([{ Config: name, RepoTags: tags, Layers: ['abc/layer.tar'] }]) },
  ];
};

async function fetched(bytes: Buffer, sha256 = sha256Of(bytes), more: Partial<typeof testLimits> = {}) {
  const path = join(folder, 'image.tar');
  writeFileSync(path, bytes);
  const settings = testSettings({ folders: [folder], limits: { ...testLimits, ...more } });
  await fetchInto(folder, { kind: 'archive', path, sha256 }, settings);
  return readImage(join(folder, 'releases', 'v1'));
}

describe('an archive of an image is a release', () => {
  it('as `docker save` writes it, zipped or not', async () => {
    const image = await anImage();
    const bytes = await tarOf(saved(image));
    expect(await fetched(bytes)).toMatchObject({ name: 'acme/shop', digest: image.digest });
    rmSync(join(folder, 'releases'), { recursive: true });
    expect(await fetched(gzipSync(bytes))).toMatchObject({ name: 'acme/shop', digest: image.digest });
  });

  it('as an OCI layout, also one with an index for several platforms', async () => {
    const [image, foreign] = [await anImage(), await anImage(another)];
    const [own, other] = [
      layoutOf(image, { platform: { os: 'linux', architecture: here } }),
      layoutOf(foreign, { platform: { os: 'linux', architecture: another } }),
    ];
    const index = bytesOf({ schemaVersion: 2, manifests: [other.manifest, own.manifest] });
    const outer = described(index, {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      annotations: { 'io.containerd.image.name': 'registry.example.com:5000/acme/shop:v1' },
    });
    expect(await fetched(await tarOf(layout([outer], [blob(index)], own.entries, other.entries)))).toMatchObject({
      name: 'registry.example.com:5000/acme/shop',
      digest: image.digest,
      archive: { layers: [`blobs/sha256/${sha256Of(own.zipped)}`] },
    });
  });

  it('and files that only look like it are files', async () => {
    const bytes = await tarOf([{ name: 'manifest.json', body: '{"name":"an extension"}' }]);
    expect(await fetched(bytes)).toBeUndefined();
  });
});

describe('an archive of an image is refused', () => {
  const cases: Readonly<Record<string, () => Promise<readonly [TestEntry[], string]>>> = {
    'with another content in a layer': async () => {
      const entries = saved(await anImage());
      return [
        entries.map((each) => (each.name === 'abc/layer.tar' ? { ...each, body: 'x' } : each)),
        'has the content sha256:',
      ];
    },
    'with another content in a blob': async () => {
      const own = layoutOf(await anImage());
      const spoilt = Buffer.from(own.zipped);
      spoilt.writeUInt8(spoilt.readUInt8(20) ^ 1, 20);
      const entries = own.entries.map((each) => (each.body === own.zipped ? { ...each, body: spoilt } : each));
      return [layout([own.manifest], entries), 'has the content sha256:'];
    },
    'with a blob that is cut': async () => {
      const own = layoutOf(await anImage());
      const entries = own.entries.map((each) =>
        each.body === own.zipped ? { ...each, body: own.zipped.subarray(0, 40) } : each,
      );
      return [layout([own.manifest], entries), 'has 40 bytes, and not'];
    },
    'without a layer that it names': async () => [
      saved(await anImage()).filter(({ name }) => name !== 'abc/layer.tar'),
      'is not in it',
    ],
    'for another architecture': async () => [saved(await anImage(another)), `built for linux/${another}`],
    'for other architectures alone': async () => {
      const image = await anImage(another);
      const platforms = [another, 's390x'].map((architecture) =>
        layoutOf(image, { platform: { os: 'linux', architecture } }),
      );
      return [
        layout(
          platforms.map(({ manifest }) => manifest),
          platforms[0]?.entries ?? [],
        ),
        `not one for linux/${here}`,
      ];
    },
    'with two images': async () => {
      const entries = saved(await anImage()).filter(({ name }) => name !== 'manifest.json');
      const both = Array(2).fill({ Config: entries[0]?.name, Layers: ['abc/layer.tar'] });
      return [[...entries, { name: 'manifest.json', body: bytesOf(both) }], 'holds 2 images'];
    },
    'with a file of this machine': async () => {
      const other = { Config: '../../../../../../../etc/passwd', Layers: ['abc/layer.tar'] };
      return [[{ name: 'manifest.json', body: bytesOf([other]) }], 'is not in it'];
    },
    'with a configuration of another digest': async () => {
      const image = await anImage();
      const entries = saved(image).map((each) =>
        each.body === image.config ? { ...each, body: Buffer.concat([image.config, Buffer.from(' ')]) } : each,
      );
      return [entries, 'has the sha256'];
    },
    'with fewer layers than its configuration names': async () => {
      const { layer } = await anImage();
      const ids = [layer, layer].map((each) => `sha256:${sha256Of(each)}`);
      const config = bytesOf({ os: 'linux', architecture: here, rootfs: { diff_ids: ids } });
      return [
        saved({ layer, config, digest: `sha256:${sha256Of(config)}` }),
        'holds 1 layers, and its configuration names 2',
      ];
    },
  };
  it.each(Object.entries(cases))('%s', async (_, make) => {
    const [entries, sentence] = await make();
    await expect(fetched(await tarOf(entries))).rejects.toMatchObject({
      code: 'artifact-refused',
      message: expect.stringContaining(sentence),
    });
    expect(existsSync(join(folder, 'releases', 'v1'))).toBe(false);
  });

  it.each(['zipped', 'plain'])('when it is cut (%s)', async (kind) => {
    const tar = await tarOf(saved(await anImage()));
    const bytes = kind === 'zipped' ? gzipSync(tar) : tar;
    await expect(fetched(bytes.subarray(0, bytes.length - 1_200))).rejects.toMatchObject({ code: 'artifact-refused' });
  });

  it('when its sha256 is not the announced one, and when it is too large', async () => {
    const bytes = await tarOf(saved(await anImage()));
    await expect(fetched(bytes, '0'.repeat(64))).rejects.toThrow('and CI announced 000');
    await expect(fetched(bytes, sha256Of(bytes), { downloadBytes: 100 })).rejects.toThrow('larger than');
    await expect(fetched(bytes, sha256Of(bytes), { unpackedBytes: 100 })).rejects.toThrow('larger than');
  });
});
