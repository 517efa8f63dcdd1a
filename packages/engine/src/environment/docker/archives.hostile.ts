// Releases that are archives of images, as a real Docker saved them: fetched, checked, given to a Docker that does not have
// the image, and run. No registry is asked.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readImage } from '../../lib/image-file.ts';
import { fetchInto, testLimits, testSettings } from '../../releases/testing-fetch.ts';
import { ask, refusalOf, talkingServer } from '../contract-fixture.ts';
import type { ReleaseFiles } from '../environment.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';
import { buildImage } from './testing/registry.ts';

const { socket = '', why } = await dockerForTests();
const name = 'bluegreen-test/archived:1';

let fixture: DockerFixture;
let saved: string;
let built = 0;

const sha256Of = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

async function fetched(path: string): Promise<ReleaseFiles> {
  const limits = { ...testLimits, downloadBytes: 2 ** 30, unpackedBytes: 2 ** 30, timeMs: 120_000 };
  const folder = join(fixture.folder, `of-${Date.now()}`);
  mkdirSync(folder);
  const source = { kind: 'archive', path, sha256: await sha256Of(path) } as const;
  await fetchInto(folder, source, testSettings({ folders: [fixture.folder], limits }));
  return { version: 'v1', digest: 'digest-of-v1', folder: join(folder, 'releases', 'v1') };
}

const own = () => ({ ...fixture.settings, command: [] });

/** What `docker save` writes, as an OCI layout: blobs by their digests, and an index. */
function asLayout(from: string, to: string): void {
  const [image] = JSON.parse(readFileSync(join(from, 'manifest.json'), 'utf8'));
  mkdirSync(join(to, 'blobs', 'sha256'), { recursive: true });
  const put = (bytes: Buffer) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(to, 'blobs', 'sha256', hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const config = put(readFileSync(join(from, image.Config)));
  const layers = image.Layers.map((layer: string) => put(readFileSync(join(from, layer))));
  const manifest = put(Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers })));
  writeFileSync(join(to, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(to, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

describe.skipIf(why !== undefined)(`an archive of an image${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  beforeEach(async () => {
    fixture = await makeDockerFixture(socket);
    saved = join(fixture.folder, 'saved.tar');
  });
  afterEach(() => fixture.close());

  /** Built, saved, and removed: the archive is all that there is. No two tests have the same one. */
  async function saveAway(): Promise<void> {
    built += 1;
    await buildImage(fixture.docker, name, `${talkingServer} // ${built}`);
    const image = fixture.docker.getImage(name);
    await pipeline(await image.get(), createWriteStream(saved));
    const { Id } = await image.inspect();
    await image.remove({ force: true });
    await expect(fixture.docker.getImage(Id).inspect()).rejects.toThrow('no such image');
  }

  it('runs, as `docker save` writes it and zipped, and a rollback needs it no more', async () => {
    const { environment, blue, green } = fixture;
    await saveAway();
    const release = await fetched(saved);
    await environment.images?.ensure(blue, release);
    await environment.start(blue, release, own());
    expect((await ask(blue)).env).toMatchObject({ APP_VERSION: 'v1', OF_IMAGE: 'yes' });
    await pipeline(createReadStream(saved), createGzip({ level: 1 }), createWriteStream(`${saved}.gz`));
    expect(statSync(`${saved}.gz`).size).toBeLessThan(statSync(saved).size);
    const zipped = await fetched(`${saved}.gz`);
    expect(readImage(zipped.folder)).toEqual(readImage(release.folder));
    await environment.start(green, zipped, own());
    expect((await ask(green)).env.APP_VERSION).toBe('v1');
  });

  it('runs as an OCI layout, which this Docker does not take by itself', async () => {
    const { environment, blue } = fixture;
    await saveAway();
    const [from, to] = [join(fixture.folder, 'from'), join(fixture.folder, 'to')];
    mkdirSync(from);
    execFileSync('tar', ['-xf', saved, '-C', from]);
    asLayout(from, to);
    execFileSync('tar', ['-cf', `${to}.tar`, '-C', to, '.']);
    await environment.start(blue, await fetched(`${to}.tar`), own());
    expect((await ask(blue)).env).toMatchObject({ APP_VERSION: 'v1', OF_IMAGE: 'yes' });
  });

  it('whose files were changed after it was fetched is refused by Docker, and nothing starts', async () => {
    const { environment, blue, containers } = fixture;
    await saveAway();
    const release = await fetched(saved);
    const layer = readImage(release.folder)?.archive?.layers.at(-1) ?? '';
    execFileSync('chmod', ['u+w', join(release.folder, layer)]);
    writeFileSync(join(release.folder, layer), 'another');
    const refusal = await refusalOf(environment.start(blue, release, own()));
    expect(refusal.code).toBe('artifact-refused');
    expect(refusal.message).toContain('local does not take the image in');
    expect(await containers()).toEqual([]);
  });
});
