// The disk of a Docker host is full: what would need it is refused by its name, and what runs goes on.

import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountSmallDisk, type SmallDisk } from '../../lib/testing/small-disk.ts';
import { fetchInto, testLimits, testSettings } from '../../releases/testing-fetch.ts';
import { ask, refusalOf, talkingServer } from '../contract-fixture.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { endDaemon, readyDaemon, removeDaemon, startDaemon } from './testing/dockerd.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';
import { buildImage } from './testing/registry.ts';

const { why } = await dockerForTests();

let folder: string;
let disk: SmallDisk;
let daemon: ChildProcess;
let fixture: DockerFixture;

describe.skipIf(why !== undefined)(`a full disk${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bg-dockerd-'));
    disk = mountSmallDisk(join(folder, 'data'), 600);
    daemon = startDaemon(folder, { also: ['--storage-driver', 'overlay2'] });
    await readyDaemon(folder, daemon);
    fixture = await makeDockerFixture(join(folder, 'docker.sock'));
  }, 120_000);
  afterAll(async () => {
    disk?.makeRoom();
    await fixture?.close();
    await endDaemon(daemon);
    disk?.unmount();
    removeDaemon(folder);
  }, 120_000);

  it('refuses a start, and what runs goes on; with room again it starts', async () => {
    const { environment, blue, green, release, settings, containers } = fixture;
    await environment.start(blue, release('v1'), settings);
    disk.fill();
    const refusal = await refusalOf(environment.start(green, release('v2'), settings));
    expect(refusal.code).toBe('resources-short');
    expect(refusal.message).toContain('the disk of the Docker host is full');
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'running', version: 'v1' });
    expect(await containers()).toHaveLength(1);
    disk.makeRoom();
    await environment.start(green, release('v2'), settings);
    expect((await ask(green)).env.APP_VERSION).toBe('v2');
    await environment.stop(green, 10_000);
    await environment.stop(blue, 10_000);
  });

  it('refuses an image, and takes it when there is room', async () => {
    const { environment, blue, docker, settings } = fixture;
    const [name, saved] = ['bluegreen-test/large:1', join(fixture.folder, 'saved.tar')];
    await buildImage(docker, name, `${talkingServer} // ${'x'.repeat(4 << 20)}`);
    const image = docker.getImage(name);
    await pipeline(await image.get(), createWriteStream(saved));
    await image.remove({ force: true });
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(saved)) hash.update(chunk as Buffer);
    const limits = { ...testLimits, downloadBytes: 2 ** 30, unpackedBytes: 2 ** 30, timeMs: 120_000 };
    const source = { kind: 'archive', path: saved, sha256: hash.digest('hex') } as const;
    const into = mkdtempSync(join(fixture.folder, 'fetched-'));
    await fetchInto(into, source, testSettings({ folders: [fixture.folder], limits }));
    const release = { version: 'v1', digest: 'd1', folder: join(into, 'releases', 'v1') };
    disk.fill();
    const refusal = await refusalOf(environment.images?.ensure(blue, release) ?? Promise.resolve());
    expect(refusal.code).toBe('resources-short');
    expect(refusal.message).toContain('the disk of the Docker host is full');
    disk.makeRoom();
    await environment.start(blue, release, { ...settings, command: [] });
    expect((await ask(blue)).env.OF_IMAGE).toBe('yes');
    await environment.stop(blue, 10_000);
  });
});
