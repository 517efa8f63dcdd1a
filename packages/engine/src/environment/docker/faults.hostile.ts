// What happens to containers behind the engine's back.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, refusalOf, talkingServer } from '../contract-fixture.ts';
import { folderMark } from '../launch-mark.ts';
import { labels } from './container.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { endDaemon, readyDaemon, removeDaemon, startDaemon } from './testing/dockerd.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';
import { testImage } from './testing/test-image.ts';

const { socket, why } = await dockerForTests();
const skipped = why === undefined ? '' : ` (skipped: ${why})`;

let fixture: DockerFixture;

describe.skipIf(socket === undefined)(`a container of ours${skipped}`, () => {
  beforeEach(async () => {
    fixture = await makeDockerFixture(socket ?? '');
  });
  afterEach(() => fixture.close());

  const policies = async (): Promise<readonly string[]> =>
    Promise.all(
      (await fixture.containers()).map(
        async ({ Id }) => (await fixture.docker.getContainer(Id).inspect()).HostConfig.RestartPolicy?.Name ?? '',
      ),
    );

  it('is started again by Docker only while it should run, and is gone once it was stopped', async () => {
    const { environment, blue, release, settings, containers } = fixture;
    await environment.start(blue, release('v1'), settings);
    expect(await policies()).toEqual(['unless-stopped']);
    await environment.stop(blue, 10_000);
    expect(await containers()).toEqual([]);
  });

  it('that was removed by hand is reported, and made again', async () => {
    const { environment, blue, release, settings, containers, docker } = fixture;
    await environment.start(blue, release('v1'), settings);
    const [first] = await containers();
    await docker.getContainer(first?.Id ?? '').remove({ force: true });
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped', lastExit: 'its container was removed' });
    const again = await environment.start(blue, release('v1'), settings);
    expect(again.id).not.toBe(first?.Id.slice(0, 12));
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
  });

  it('that crashed is reported once, although Docker has started it again, and is accepted as it is', async () => {
    const { environment, blue, release, settings, containers } = fixture;
    const crashing = talkingServer.replace(
      'server.listen',
      'if (Date.now() % 2 === 2) process.exit(1);\nserver.listen',
    );
    await environment.start(blue, release('v1', `${crashing} setTimeout(() => process.exit(7), 4000);`), settings);
    const ended = { kind: 'stopped', lastExit: 'exit code 7; Docker started it again' };
    await expect.poll(() => environment.inspect(blue), { timeout: 60_000 }).toMatchObject(ended);
    const [before] = await containers();
    await environment.start(blue, release('v1'), settings);
    expect((await containers()).map(({ Id }) => Id)).toEqual([before?.Id]);
  });

  it('that used more memory than it may is reported so', async () => {
    const { environment, blue, release, settings } = fixture;
    const greedy = `${talkingServer} const all = []; setInterval(() => all.push(Buffer.alloc(8 << 20, 1)), 20);`;
    const quota = { memoryBytes: 96 << 20, pids: undefined, cpus: undefined };
    await environment.start(blue, release('v1', greedy), { ...settings, quota });
    const ended = { kind: 'stopped', lastExit: expect.stringContaining('out of memory') };
    await expect.poll(() => environment.inspect(blue), { timeout: 60_000 }).toMatchObject(ended);
  });

  it('that no slot owns is removed, and no other container is touched', async () => {
    const { environment, blue, release, settings, containers, docker, stateFolder } = fixture;
    await environment.start(blue, release('v1'), settings);
    const [owned] = await containers();
    const own = { [labels.mark]: folderMark(stateFolder), [labels.service]: 'shop', [labels.target]: 'production' };
    const leftover = { ...own, [labels.slot]: 'blue', [labels.launch]: 'an attempt that was killed' };
    const foreign = { ...leftover, [labels.mark]: 'another engine' };
    await docker.createContainer({ Image: testImage, Cmd: ['node'], Labels: leftover });
    const other = await docker.createContainer({ Image: testImage, Cmd: ['node'], Labels: foreign });
    try {
      expect(await environment.sweep([blue], 1_000_000)).toMatchObject([{ kind: 'container' }]);
      expect((await containers()).map(({ Id }) => Id)).toEqual([owned?.Id]);
      await expect(other.inspect()).resolves.toMatchObject({ Id: other.id });
    } finally {
      await other.remove({ force: true });
    }
  });

  it('whose record was lost is left alone, is adopted by its labels as what it is, and is stopped as any other', async () => {
    const { environment, another, several = fixture.blue, release, settings, containers, stateFolder } = fixture;
    await environment.start(several, release('v1'), settings);
    const before = (await containers()).map(({ Id }) => Id).toSorted();
    rmSync(join(stateFolder, 'containers'), { recursive: true });
    const later = another();
    expect(await later.sweep([several], 1_000_000)).toEqual([]);
    expect(await later.inspect(several)).toMatchObject({ kind: 'stopped' });
    const adopt = (version: string) => later.adoption?.adopt(several, { version, digest: `digest-of-${version}` });
    await expect(adopt('v2')).rejects.toThrow('was started as v1');
    expect(await adopt('v1')).toMatchObject({ kind: 'running', version: 'v1', adopted: true });
    expect((await containers()).map(({ Id }) => Id).toSorted()).toEqual(before);
    expect(another().running()).toMatchObject([{ slot: 'blue', version: 'v1', ports: several.ports }]);
    await another().start(several, release('v1'), settings);
    expect((await containers()).map(({ Id }) => Id).toSorted()).toEqual(before);
    await another().stop(several, 10_000);
    expect(await containers()).toEqual([]);
  });

  it('may do little: no capability, no new privilege, a file system that it cannot write to', async () => {
    const { environment, blue, release, settings } = fixture;
    const source = talkingServer.replace(
      'env: process.env',
      "env: { status: (await import('node:fs')).readFileSync('/proc/self/status', 'utf8'), written: String(await import('node:fs').then((fs) => { try { fs.writeFileSync('/x', ''); return 'yes'; } catch (e) { return e.code; } })) }",
    );
    await environment.start(
      blue,
      release('v1', source.replace('(request, response) =>', 'async (request, response) =>')),
      settings,
    );
    const { env } = await ask(blue);
    expect(env.status).toMatch(/CapEff:\s+0000000000000000/);
    expect(env.status).toMatch(/NoNewPrivs:\s+1/);
    expect(env.written).toBe('EROFS');
  });
});

describe.skipIf(socket === undefined)(`a Docker that is restarted${skipped}`, () => {
  let folder: string;
  let daemon: ChildProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bg-dockerd-'));
    daemon = startDaemon(folder);
    await readyDaemon(folder, daemon);
    fixture = await makeDockerFixture(join(folder, 'docker.sock'));
  });
  afterAll(async () => {
    await fixture?.close();
    await endDaemon(daemon);
    removeDaemon(folder);
  });

  it('starts again what should run, and nothing else', async () => {
    const { environment, another, blue, green, release, settings, containers } = fixture;
    await environment.start(green, release('v1'), settings);
    await environment.stop(green, 10_000);
    await environment.start(blue, release('v2'), settings);
    const [before] = await containers();
    await endDaemon(daemon);
    expect((await refusalOf(environment.inspect(blue))).code).toBe('environment-unreachable');
    expect(environment.startedAs(blue)?.version).toBe('v2');
    daemon = startDaemon(folder);
    await readyDaemon(folder, daemon);
    expect((await ask(blue)).env.APP_VERSION).toBe('v2');
    await another().start(blue, release('v2'), settings);
    expect(await another().inspect(blue)).toMatchObject({ kind: 'running', version: 'v2' });
    expect((await containers()).map(({ Id }) => Id)).toEqual([before?.Id]);
    expect(await environment.inspect(green)).toMatchObject({ kind: 'stopped' });
  });
});
