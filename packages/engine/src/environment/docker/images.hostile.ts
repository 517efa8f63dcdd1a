// Releases that are images, from a real registry.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, refusalOf, talkingServer } from '../contract-fixture.ts';
import type { ReleaseFiles } from '../environment.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';
import { startRegistry, type TestRegistry } from './testing/registry.ts';

const { socket, why } = await dockerForTests();
const registry = socket === undefined ? undefined : await startRegistry();
const reason = why ?? (registry ? undefined : 'docker-registry is not installed');

let fixture: DockerFixture;

describe.skipIf(reason !== undefined)(`an image${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let digest = '';
  const there = (): TestRegistry => registry as TestRegistry;
  beforeAll(async () => {
    fixture = await makeDockerFixture(socket ?? '');
    digest = await there().publish(fixture.docker, 'acme/shop', talkingServer);
    await fixture.close();
  });
  afterAll(() => registry?.close());
  beforeEach(async () => {
    fixture = await makeDockerFixture(socket ?? '');
  });
  afterEach(async () => {
    Object.assign(there(), { login: undefined, cutAfter: undefined });
    await fixture.close();
    await fixture.docker
      .getImage(`${there().name}/acme/shop@${digest}`)
      .remove({ force: true })
      .catch(() => undefined);
  });

  const released = (version: string, of = digest): ReleaseFiles => {
    const folder = join(fixture.folder, 'releases', version);
    mkdirSync(folder, { recursive: true });
    const name = `${there().name}/acme/shop`;
    writeFileSync(join(folder, 'bluegreen.image.json'), JSON.stringify({ name, digest: of }));
    return { version, digest: `digest-of-${version}`, folder };
  };
  const own = () => ({ ...fixture.settings, command: [] });

  it('is pulled by its digest, starts what it starts by itself, and keeps its own variables', async () => {
    const { environment, blue } = fixture;
    await environment.start(blue, released('v1'), own());
    const { env } = await ask(blue);
    expect(env).toMatchObject({ APP_VERSION: 'v1', ENVIRONMENT_COLOR: 'blue', OF_IMAGE: 'yes', PATH: '/usr/bin:/bin' });
  });

  it('starts the program that the configuration names, which is looked for in the PATH of the image', async () => {
    const { environment, blue, settings } = fixture;
    await environment.start(blue, released('v1'), { ...settings, command: ['node', 'server.mjs'] });
    expect((await ask(blue)).env).toMatchObject({ APP_VERSION: 'v1', PATH: '/usr/bin:/bin' });
    const missing = environment.start(blue, released('v2'), { ...settings, command: ['nodes', 'server.mjs'] });
    expect((await refusalOf(missing)).message).toContain('"nodes" was not found in PATH (/usr/bin:/bin)');
  });

  it('is there before anything starts, and a start needs no registry then', async () => {
    const { environment, blue, containers } = fixture;
    await environment.images?.ensure(blue, released('v1'));
    expect(await containers()).toEqual([]);
    there().login = { username: 'nobody', password: 'may' };
    await environment.start(blue, released('v1'), own());
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
  });

  it('that was removed by hand is pulled again by the next start', async () => {
    const { environment, blue, docker } = fixture;
    await environment.start(blue, released('v1'), own());
    await environment.stop(blue, 10_000);
    await docker.getImage(`${there().name}/acme/shop@${digest}`).remove({ force: true });
    await environment.start(blue, released('v1'), own());
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
  });

  it('that the registry does not have is refused, and what ran goes on', async () => {
    const { environment, blue } = fixture;
    const before = await environment.start(blue, released('v1'), own());
    const missing = released('v2', `sha256:${'0'.repeat(64)}`);
    const refusal = await refusalOf(environment.start(blue, missing, own()));
    expect(refusal.code).toBe('artifact-refused');
    expect(refusal.message).toContain('the registry does not have it');
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'running', id: before.id });
  });

  it('of a registry with a password needs it, and gets it from the configuration', async () => {
    const { environment, withSettings, blue } = fixture;
    const login = { username: 'ci', password: 'hush' };
    there().login = login;
    const refusal = await refusalOf(environment.start(blue, released('v1'), own()));
    expect(refusal.code).toBe('artifact-refused');
    expect(refusal.message).toContain('the registry refuses access');
    const registries = [{ registry: there().name, kind: 'password', ...login }] as const;
    const started = await withSettings({ registries }).start(blue, released('v1'), own());
    expect(started).toMatchObject({ kind: 'running', version: 'v1' });
  });

  it('whose pull is cut is reported as unavailable; the next pull gets it', async () => {
    const { environment, blue, containers } = fixture;
    there().cutAfter = 10;
    const refusal = await refusalOf(environment.start(blue, released('v1'), own()));
    expect(refusal.code).toBe('artifact-unavailable');
    expect(await containers()).toEqual([]);
    there().cutAfter = undefined;
    await environment.start(blue, released('v1'), own());
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
  });
});
