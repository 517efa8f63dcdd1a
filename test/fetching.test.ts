// A build that CI announced is deployed: fetched over HTTP, checked, unpacked, and started as any other release; or it is
// refused, and the deployment ends with the sentence that says why.

import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Engine } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { afterAll, describe, expect, it } from 'vitest';
import { type ArtifactServer, announceBuild, packFolder, serveArtifact, sha256 } from './support/artifacts.ts';
import { startDriver } from './support/drivers.ts';
import { alice, deployed, eventually, finished, type Stage, setStage, until, value } from './support/stage.ts';

const ends: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

const target = '\n        canary: []\n        bake: 1s\n';

interface Fetching {
  readonly stage: Stage;
  readonly server: ArtifactServer;
  readonly releases: string;
}

/** A stage whose shop may be fetched from a server of ours. */
async function setFetching(answer: RequestListener, more = ''): Promise<Fetching> {
  const server = await serveArtifact(answer);
  const artifacts = {
    hosts: [{ name: `127.0.0.1:${server.port}`, http: true, privateAddresses: true }],
    limits: { stall: '5s', tries: 2 },
  };
  const stage = await setStage({ target: `${target}${more}`, service: `    artifacts: ${JSON.stringify(artifacts)}` });
  ends.push(() => stage.strike(), server.close);
  return { stage, server, releases: join(stage.folder, 'releases', 'shop') };
}

/** Takes a release out of the releases folder, and gives its archive. */
async function takeAway({ stage, releases }: Fetching, version: string): Promise<Buffer> {
  const outside = join(stage.folder, `built-${version}`);
  renameSync(join(releases, version), outside);
  return packFolder(outside);
}

const reported = (engine: Engine, action: string) =>
  engine.audit.after(0, 10_000).filter((row) => row.action === action);

describe.concurrent('a build that was announced', { timeout: 120_000 }, () => {
  it('is fetched, checked, registered and started, and what was fetched is written down', async () => {
    let archive: Buffer = Buffer.alloc(0);
    const fetching = await setFetching((_, response) => void response.end(archive));
    archive = await takeAway(fetching, 'v1.0');
    const { engine } = fetching.stage.drive();
    expect(engine.deploy({ version: 'v1.0', actor: alice })).toMatchObject({ refusal: { code: 'release-unknown' } });
    announceBuild(fetching.stage.settings, 'v1.0', { kind: 'url', url: fetching.server.url, sha256: sha256(archive) });

    const plan = value(await engine.plan({ version: 'v1.0', actor: alice }));
    expect(plan.warnings.join()).toContain('v1.0 is fetched first');
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
    expect(await fetch(`${fetching.stage.front}/health`).then((answer) => answer.json())).toMatchObject({
      version: 'v1.0',
    });
    expect(reported(engine, 'release-fetched')).toMatchObject([
      { service: 'shop', detail: { version: 'v1.0', source: fetching.server.url, sha256: sha256(archive) } },
    ]);
    expect(statSync(join(fetching.releases, 'v1.0', 'server.mjs')).mode & 0o777).toBe(0o444);

    announceBuild(fetching.stage.settings, 'v1.0', { kind: 'url', url: fetching.server.url, sha256: 'b'.repeat(64) });
    const again = await deployed(engine, 'v1.0', { redeploy: true });
    expect(again.outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
    expect(again.outcome?.sentence).toContain('a version is immutable');
  });

  it('with the wrong digest fails with that sentence, and nothing of it is there', async () => {
    let archive: Buffer = Buffer.alloc(0);
    const fetching = await setFetching((_, response) => void response.end(archive));
    archive = await takeAway(fetching, 'v1.0');
    const before = readdirSync(fetching.releases);
    const { engine } = fetching.stage.drive();
    announceBuild(fetching.stage.settings, 'v1.0', { kind: 'url', url: fetching.server.url, sha256: 'a'.repeat(64) });
    const sentence = `v1.0 is refused: its sha256 is ${sha256(archive)}, and CI announced ${'a'.repeat(64)}`;
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({
      kind: 'failed',
      code: 'artifact-refused',
      sentence,
    });
    expect(reported(engine, 'release-refused')).toMatchObject([{ code: 'artifact-refused', sentence }]);
    expect(readdirSync(fetching.releases)).toEqual(before);
  });

  it('is refused when it was registered with other files before', async () => {
    let archive: Buffer = Buffer.alloc(0);
    const fetching = await setFetching((_, response) => void response.end(archive));
    const { engine } = fetching.stage.drive();
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
    await takeAway(fetching, 'v1.0');
    writeFileSync(join(fetching.stage.folder, 'built-v1.0', 'more.txt'), 'more');
    archive = await packFolder(join(fetching.stage.folder, 'built-v1.0'));
    announceBuild(fetching.stage.settings, 'v1.0', { kind: 'url', url: fetching.server.url, sha256: sha256(archive) });
    const again = await deployed(engine, 'v1.0', { redeploy: true });
    expect(again.outcome).toMatchObject({ kind: 'failed', code: 'release-modified' });
    expect(readdirSync(fetching.releases)).not.toContain('v1.0');
  });

  it('is fetched once where two targets deploy it at the same moment', async () => {
    let archive: Buffer = Buffer.alloc(0);
    let requests = 0;
    const [blue, green, front] = await freePorts(3);
    const staging = `
        default: true
      staging:
        canary: []
        bake: 1s
        slots: { blue: { port: ${blue} }, green: { port: ${green} } }
        loadBalancer: { listen: "127.0.0.1:${front}" }
`;
    const fetching = await setFetching((_, response) => {
      requests += 1;
      response.end(archive);
    }, staging);
    archive = await takeAway(fetching, 'v1.0');
    announceBuild(fetching.stage.settings, 'v1.0', { kind: 'url', url: fetching.server.url, sha256: sha256(archive) });
    const { engine } = fetching.stage.drive();
    const both = await Promise.all([deployed(engine, 'v1.0'), deployed(engine, 'v1.0', { target: 'staging' })]);
    expect(both.map(({ outcome }) => outcome?.kind)).toEqual(['promoted', 'promoted']);
    expect([requests, reported(engine, 'release-fetched').length]).toEqual([1, 1]);
  });

  it('as an image is resolved to its digest, and refused where programs are run', async () => {
    const manifest = Buffer.from('{"schemaVersion":2}');
    const fetching = await setFetching((_, response) => void response.end(manifest));
    const name = `127.0.0.1:${fetching.server.port}/acme/shop`;
    announceBuild(fetching.stage.settings, 'v5.0', { kind: 'image', reference: `${name}:v5.0` });
    const { engine } = fetching.stage.drive();
    expect((await deployed(engine, 'v5.0')).outcome).toMatchObject({
      kind: 'failed',
      code: 'release-invalid',
      sentence: expect.stringContaining(`v5.0 is the image ${name}@sha256:${sha256(manifest)}, and shop runs programs`),
    });
    expect(readdirSync(join(fetching.releases, 'v5.0'))).toEqual(['bluegreen.image.json']);
  });

  it('is given up while it is fetched', async () => {
    const fetching = await setFetching((_, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      response.write('x');
    });
    const before = readdirSync(fetching.releases);
    const { engine } = fetching.stage.drive();
    announceBuild(fetching.stage.settings, 'v9.0', { kind: 'url', url: fetching.server.url, sha256: 'a'.repeat(64) });
    const { id } = value(engine.deploy({ version: 'v9.0', actor: alice }));
    await eventually(() => readdirSync(fetching.releases).some((name) => name.startsWith('.fetching-')));
    value(engine.abort({ id }, alice, 'not today'));
    expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'aborted' });
    expect(readdirSync(fetching.releases)).toEqual(before);
    expect(reported(engine, 'release-refused')).toEqual([]);
  });

  it('is fetched by the next controller when the first is killed in the middle, and nothing is left over', async () => {
    let archive: Buffer = Buffer.alloc(0);
    let requests = 0;
    const fetching = await setFetching((_, response) => {
      requests += 1;
      if (requests > 1) return void response.end(archive);
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, archive.length / 2));
    });
    writeFileSync(join(fetching.releases, 'v1.0', 'ballast'), randomBytes(300_000));
    archive = await takeAway(fetching, 'v1.0');
    const before = readdirSync(fetching.releases);
    const engine = fetching.stage.open('observer');
    announceBuild(fetching.stage.settings, 'v1.0', { kind: 'url', url: fetching.server.url, sha256: sha256(archive) });
    const { id } = value(engine.deploy({ version: 'v1.0', actor: alice }));

    const first = startDriver(fetching.stage, 'first');
    ends.push(() => first.kill());
    await eventually(() => downloaded(fetching) > 0);
    await first.kill();
    expect(readdirSync(fetching.releases)).not.toContain('v1.0');
    expect(readdirSync(fetching.releases)).not.toEqual(before);

    fetching.stage.drive('second');
    expect((await until(engine, id, finished, 90_000)).outcome).toMatchObject({ kind: 'promoted' });
    expect(requests).toBe(2);
    expect(readdirSync(fetching.releases).sort()).toEqual([...before, 'v1.0'].sort());
  });
});

/** Bytes of the archive that are on the disk already. */
function downloaded({ releases }: Fetching): number {
  const work = readdirSync(releases).find((name) => name.startsWith('.fetching-') && !name.endsWith('.files'));
  if (work === undefined) return 0;
  return statSync(join(releases, work, 'archive'), { throwIfNoEntry: false })?.size ?? 0;
}
