// What a container is given, seen from inside a real one.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, talkingServer } from '../contract-fixture.ts';
import type { Environment, SlotPlace } from '../environment.ts';
import type { DockerSettings } from './settings.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';
import { buildImage } from './testing/registry.ts';

const { socket, why } = await dockerForTests();

let fixture: DockerFixture;

/** Answers with what these expressions are worth in the container. */
const answering = (values: Readonly<Record<string, string>>): string => {
  const seen = Object.entries(values).map(([name, value]) => `${name}: await tried(() => ${value})`);
  return `import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
    const tried = async (look) => { try { return String(await look()); } catch (thrown) { return thrown.code ?? String(thrown); } };
    ${talkingServer.replace('env: process.env', `env: { ${seen.join(', ')} }`).replace('(request, response) =>', 'async (request, response) =>')}`;
};

async function seenWith(changed: Partial<DockerSettings>, values: Readonly<Record<string, string>>) {
  const { blue, release, settings } = fixture;
  await fixture.withSettings(changed).start(blue, release('v1', answering(values)), settings);
  return (await ask(blue)).env;
}

const limit = (name: string) =>
  `readFileSync('/proc/self/limits', 'utf8').match(/${name} +(\\S+) +(\\S+)/).slice(1).join()`;

const checked = (environment: Environment, place: SlotPlace) => async () => {
  const [check] = (await environment.ownChecks?.(place)) ?? [];
  return check?.sentence ?? 'nothing';
};

describe.skipIf(socket === undefined)(`a container${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  beforeEach(async () => {
    fixture = await makeDockerFixture(socket ?? '');
  });
  afterEach(() => fixture.close());

  it('has the account, names and limits of the configuration', async () => {
    const seen = await seenWith(
      { user: '1000:1000', extraHosts: ['db.internal:10.9.8.7'], ulimits: [{ name: 'nofile', soft: 321, hard: 654 }] },
      {
        account: 'process.getuid() + ":" + process.getgid()',
        hosts: "readFileSync('/etc/hosts', 'utf8')",
        files: limit('Max open files'),
        // The init of Docker is the first process.
        init: "readFileSync('/proc/1/comm', 'utf8').trim()",
        root: "writeFileSync('/written', '')",
        tmp: "writeFileSync('/tmp/written', '')",
      },
    );
    // Node raises its own soft limit to the hard one.
    expect(seen).toMatchObject({ account: '1000:1000', files: '654,654', root: 'EROFS', tmp: 'undefined' });
    expect(seen.hosts).toMatch(/10\.9\.8\.7\s+db\.internal/);
    expect(seen.init).toMatch(/init/);
  });

  it('has the capabilities that are named, and no other', async () => {
    const status = "readFileSync('/proc/self/status', 'utf8').match(/CapEff:\\s+(\\S+)/)[1]";
    // CAP_NET_BIND_SERVICE is the tenth bit.
    expect((await seenWith({ capabilities: ['NET_BIND_SERVICE'] }, { status })).status).toBe('0000000000000400');
  });

  it('sees volumes, and writes to those that it may write to', async () => {
    const { folder } = fixture;
    const volumes = [
      { source: folder, path: '/shared', readOnly: false },
      { source: folder, path: '/fixed', readOnly: true },
    ];
    const seen = await seenWith(
      { volumes },
      { shared: "writeFileSync('/shared/x', '')", fixed: "writeFileSync('/fixed/y', '')" },
    );
    expect(seen).toMatchObject({ shared: 'undefined', fixed: 'EROFS' });
  });

  it('cannot have more processes than its quota', async () => {
    const { environment, blue, release, settings } = fixture;
    const spawned = `(async () => { const { spawn } = await import('node:child_process');
      const all = await Promise.all(Array.from({ length: 40 }, () => new Promise((done) => {
        const child = spawn('/bin/sh', ['-c', 'read x']); child.on('spawn', () => done(1)); child.on('error', () => done(0)); })));
      return all.reduce((sum, each) => sum + each, 0); })()`;
    const quota = { memoryBytes: undefined, cpus: undefined, pids: 30 };
    await environment.start(blue, release('v1', answering({ spawned })), { ...settings, quota });
    const { env } = await ask(blue);
    expect(Number(env.spawned)).toBeGreaterThan(0);
    expect(Number(env.spawned)).toBeLessThan(30);
  });

  it('is asked to end by the signal of the configuration, and its log is limited', async () => {
    const { blue, release, settings, containers, docker } = fixture;
    const environment = fixture.withSettings({ stopSignal: 'SIGQUIT' });
    const source = `${talkingServer}\nprocess.on('SIGQUIT', () => { console.log('asked by SIGQUIT'); process.exit(0); });`;
    await environment.start(blue, release('v1', source), settings);
    const [{ Id } = { Id: '' }] = await containers();
    const { HostConfig } = await docker.getContainer(Id).inspect();
    expect(HostConfig.LogConfig).toEqual({ Type: 'local', Config: { 'max-size': '2500000', 'max-file': '4' } });
    await environment.stop(blue, 10_000);
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped', lastExit: 'stopped (SIGQUIT)' });
    expect(environment.quoteLog(blue, 5).join()).toContain('asked by SIGQUIT');
  });

  it('is judged by the HEALTHCHECK of its image in addition, while that runs', async () => {
    const { blue, release, settings, docker } = fixture;
    const name = 'bluegreen-test/checked:1';
    const more = [
      'HEALTHCHECK --interval=1s --timeout=5s --retries=1 CMD ["node", "-e", "console.log(\\"no rows\\"); process.exit(1)"]',
    ];
    await buildImage(docker, name, talkingServer, more);
    try {
      const environment = fixture.withSettings({ image: name });
      await environment.start(blue, release('v1'), settings);
      const says = 'the HEALTHCHECK of its image says unhealthy: no rows';
      await expect.poll(checked(environment, blue), { timeout: 60_000 }).toBe(says);
      expect(await environment.ownChecks?.(blue)).toMatchObject([{ status: 'unhealthy', counts: false }]);
      const strict = fixture.withSettings({ image: name, healthcheck: 'require' });
      expect(await strict.ownChecks?.(blue)).toMatchObject([{ counts: true }]);
      expect(await fixture.withSettings({ healthcheck: 'ignore' }).ownChecks?.(blue)).toEqual([undefined]);
      await environment.stop(blue, 10_000);
      expect(await environment.ownChecks?.(blue)).toEqual([undefined]);
    } finally {
      await docker.getImage(name).remove({ force: true });
    }
  });
});
