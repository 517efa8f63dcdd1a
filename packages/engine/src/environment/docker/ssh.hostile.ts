// A Docker host that is reached over SSH: a real sshd, with its limits as it is shipped.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../lib/testing/ports.ts';
import { until } from '../../lib/testing/until.ts';
import { ask, refusalOf, talkingServer } from '../contract-fixture.ts';
import type { Environment, ReleaseFiles } from '../environment.ts';
import type { DockerSsh } from './settings.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';
import { startRegistry, type TestRegistry } from './testing/registry.ts';
import { hasSshd, startSshd, type TestSshd } from './testing/sshd.ts';

const { socket = '', why } = await dockerForTests();
const registry = why === undefined && hasSshd() ? await startRegistry() : undefined;
const reason = why ?? (registry ? undefined : 'sshd and docker-registry are needed, and root');

let folder: string;
let sshd: TestSshd;
let fixture: DockerFixture;
let digest: string;

const over = (ssh: DockerSsh): Environment =>
  fixture.withSettings({
    hosts: [{ name: 'far', address: sshd.address(socket), endpointHost: '127.0.0.1', ssh }],
  });

const known = (): DockerSsh => ({ key: sshd.key, knownHosts: sshd.knownHosts });

function released(version: string): ReleaseFiles {
  const release = join(fixture.folder, 'releases', version);
  mkdirSync(release, { recursive: true });
  const name = `${(registry as TestRegistry).name}/acme/shop`;
  writeFileSync(join(release, 'bluegreen.image.json'), JSON.stringify({ name, digest }));
  return { version, digest: `digest-of-${version}`, folder: release };
}

/** Of the processes of this machine, with these words in their command line. */
const processesWith = (...words: readonly string[]): readonly number[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return words.every((word) => line.includes(word)) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });

describe.skipIf(reason !== undefined)(`a host over SSH${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bg-sshd-'));
    sshd = await startSshd(folder, await freePort());
    fixture = await makeDockerFixture(socket);
    digest = await (registry as TestRegistry).publish(fixture.docker, 'acme/shop', talkingServer);
    await fixture.close();
  });
  afterAll(async () => {
    await sshd.stop();
    await registry?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    fixture = await makeDockerFixture(socket);
  });
  afterEach(() => fixture.close());

  it('runs releases, with one connection for any number of calls', async () => {
    const environment = over(known());
    const { several = fixture.blue, settings } = fixture;
    await environment.start(several, released('v1'), { ...settings, command: [] });
    expect((await ask(several)).env.APP_VERSION).toBe('v1');
    const looks = await Promise.all(Array.from({ length: 12 }, () => environment.inspect(several)));
    expect(looks.map(({ kind }) => kind)).toEqual(looks.map(() => 'running'));
    expect(processesWith('ssh', sshd.knownHosts)).toHaveLength(1);
    await environment.stop(several, 10_000);
    expect(await fixture.containers()).toEqual([]);
  });

  it.each([
    ['that is not the known one', () => ({ ...known(), knownHosts: join(folder, 'authorized') }), /host key/i],
    ['that refuses the key', () => ({ ...known(), key: join(folder, 'other') }), /permission denied/i],
  ])('%s is named, and nobody is asked', async (_, ssh, said) => {
    const refusal = await refusalOf(
      over(ssh()).start(fixture.blue, released('v1'), { ...fixture.settings, command: [] }),
    );
    expect(refusal.code).toBe('environment-unreachable');
    expect(refusal.message).toMatch(/^Docker on far \(ssh:\/\/.*ssh: /);
    expect(refusal.message).toMatch(said);
  });

  it('whose connection is lost is unknown; the next call makes another one', async () => {
    const environment = over(known());
    const { blue, settings } = fixture;
    await environment.start(blue, released('v1'), { ...settings, command: [] });
    await sshd.stop();
    for (const pid of processesWith('ssh', sshd.knownHosts)) process.kill(pid, 'SIGKILL');
    expect((await refusalOf(environment.inspect(blue))).code).toBe('environment-unreachable');
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
    await sshd.start();
    await until(async () => (await environment.inspect(blue).catch(() => undefined))?.kind === 'running');
    await environment.stop(blue, 10_000);
  });

  it('that hangs is given up in time, and answers again later', async () => {
    const { blue, settings } = fixture;
    await over(known()).start(blue, released('v1'), { ...settings, command: [] });
    sshd.child().kill('SIGSTOP');
    const began = performance.now();
    expect((await refusalOf(over(known()).inspect(blue))).code).toBe('environment-unreachable');
    expect(performance.now() - began).toBeLessThan(60_000);
    sshd.child().kill('SIGCONT');
    expect(await over(known()).inspect(blue)).toMatchObject({ kind: 'running' });
    await over(known()).stop(blue, 10_000);
  });

  it('ends its ssh with the engine, also with one that is killed', async () => {
    const host = { name: 'far', address: sshd.address(socket), endpointHost: '127.0.0.1', ssh: known() };
    const script = `import { createDockerClient } from ${JSON.stringify(join(import.meta.dirname, 'client.ts'))};
      const client = createDockerClient(${JSON.stringify(host)});
      await client.ask((docker) => docker.ping());
      console.log('connected');
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const before = processesWith('ssh', sshd.knownHosts, 'BatchMode');
    expect(before.length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await until(() => processesWith('ssh', sshd.knownHosts, 'BatchMode').length < before.length);
  });
});
