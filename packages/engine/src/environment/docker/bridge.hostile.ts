// The network `bridge`, with a Docker as it is shipped: its bridge, its rules, and its ports, in a network namespace of
// its own, from which the test asks.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, talkingServer } from '../contract-fixture.ts';
import type { Environment, SlotPlace } from '../environment.ts';
import { instancePlaces } from '../instances.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { endDaemon, readyDaemon, removeDaemon, startDaemon } from './testing/dockerd.ts';
import { type DockerFixture, makeDockerFixture } from './testing/fixture.ts';

const { socket, why } = await dockerForTests();

let folder: string;
let daemon: ChildProcess;
let fixture: DockerFixture;
let environment: Environment;

/** In a container of its own network, 127.0.0.1 is not where Docker leads requests. */
const openServer = talkingServer.replace("'127.0.0.1'", "'0.0.0.0'");

/** The body, or why there is none. */
function askInside(host: string, { port }: Pick<SlotPlace, 'port'>): string {
  const script = `
    const until = Date.now() + 20_000;
    const ask = () => fetch('http://${host}:${port}/', { headers: { connection: 'close' } }).then((answer) => answer.text());
    const again = (thrown) => (Date.now() > until || thrown.cause?.code !== 'ECONNRESET' ? 'no answer' : ask().catch(again));
    ask().catch(again).then((text) => process.stdout.write(text));
  `;
  const words = [`--net=/proc/${daemon.pid}/ns/net`, process.execPath, '-e', script];
  return execFileSync('nsenter', words, { encoding: 'utf8', timeout: 60_000 });
}

const versionAt = (place: Pick<SlotPlace, 'port'>): string => {
  const said = askInside('127.0.0.1', place);
  return said.startsWith('{') ? JSON.parse(said).env.APP_VERSION : said;
};

describe.skipIf(socket === undefined)(`a bridge${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bg-dockerd-'));
    daemon = startDaemon(folder, { bridge: true });
    await readyDaemon(folder, daemon);
  });
  afterAll(async () => {
    await endDaemon(daemon);
    removeDaemon(folder);
  });
  beforeEach(async () => {
    fixture = await makeDockerFixture(join(folder, 'docker.sock'));
    environment = fixture.withSettings({ network: 'bridge' });
  });
  afterEach(() => fixture.close());

  it('publishes the port of the slot on 127.0.0.1 alone, and the next release gets it', async () => {
    const { blue, release, settings } = fixture;
    await environment.start(blue, release('v1', openServer), settings);
    await expect.poll(() => versionAt(blue), { timeout: 60_000 }).toBe('v1');
    const gateway = execFileSync('nsenter', [
      `--net=/proc/${daemon.pid}/ns/net`,
      'ip',
      '-4',
      '-o',
      'addr',
      'show',
      'docker0',
    ]);
    const [, address = ''] = /inet ([0-9.]+)/.exec(String(gateway)) ?? [];
    expect(address).toMatch(/^172\./);
    expect(askInside(address, blue)).toBe('no answer');
    await environment.start(blue, release('v2', openServer), settings);
    await expect.poll(() => versionAt(blue), { timeout: 60_000 }).toBe('v2');
    await environment.stop(blue, 10_000);
    expect(askInside('127.0.0.1', blue)).toBe('no answer');
  });

  it('publishes a port for each instance', async () => {
    const { several, release, settings } = fixture;
    if (!several) throw new Error('the fixture has no place with several instances');
    await environment.start(several, release('v1', openServer), settings);
    for (const place of instancePlaces(several))
      await expect.poll(() => versionAt(place), { timeout: 60_000 }).toBe('v1');
  });

  it('refuses a port that another container has, and leaves nothing in the slot', async () => {
    const { blue, green, release, settings, containers } = fixture;
    await environment.start(blue, release('v1', openServer), settings);
    const refusal = await refusalOf(
      environment.start({ ...green, port: blue.port }, release('v2', openServer), settings),
    );
    expect(refusal.code).toBe('port-in-use');
    expect(refusal.message).toContain(`port ${blue.port} of green of shop/production is in use on local`);
    expect(await containers()).toHaveLength(1);
    await expect.poll(() => versionAt(blue), { timeout: 60_000 }).toBe('v1');
  });
});
