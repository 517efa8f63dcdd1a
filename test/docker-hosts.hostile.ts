// A side on two Docker hosts, and the cable of one is pulled while users ask: what is known, what goes on, and what comes
// back. The second host is a dockerd in a network namespace of its own, with TLS.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dockerForTests } from '../packages/engine/src/environment/docker/testing/docker-for-tests.ts';
import { labelsIn, publishedWith } from '../packages/engine/src/environment/docker/testing/fixture.ts';
import { type OtherHost, startOtherHost } from '../packages/engine/src/environment/docker/testing/other-host.ts';
import { startRegistry, type TestRegistry } from '../packages/engine/src/environment/docker/testing/registry.ts';
import {
  bob,
  deployed,
  eventually,
  finished,
  type Stage,
  setStage,
  strikeSettings,
  until,
  value,
} from './support/stage.ts';
import { startUsers } from './support/users.ts';

const { socket = '', why } = await dockerForTests();
const registry = why === undefined ? await startRegistry() : undefined;
const reason = why ?? (registry ? undefined : 'docker-registry is not installed');

const versions = ['v1.0', 'v2.0', 'v2.1'];
const users = 3;

let stage: Stage;
let other: OtherHost;
let settings: Stage['settings'] | undefined;

const configured = ({ settings: host }: OtherHost, ledger: string): string => `
        canary: [{ percent: 10, watch: 1s }]
        judge: { minRequests: 1, maxErrorRate: 90%, patience: 60s }
        bake: 1s
        minHealthy: 2
        command: [node, server.mjs]
        environment:
          driver: docker
          docker:
            hosts: ${JSON.stringify([
              { name: 'a', address: `unix://${socket}` },
              { ...host, labels: { zone: 'b' } },
            ])}
            network: host
            volumes: [{ source: ${ledger}, path: ${ledger}, shared: true }]
`;

async function layImages(folder: string, { name }: TestRegistry): Promise<void> {
  for (const version of versions) {
    const release = join(folder, 'releases', 'shop', version);
    const digest = await publishedWith(socket, (docker) =>
      (registry as TestRegistry).publish(docker, `acme/shop-${version}`, { folder: release }),
    );
    writeFileSync(
      join(release, 'bluegreen.image.json'),
      JSON.stringify({ name: `${name}/acme/shop-${version}`, digest }),
    );
  }
}

const sides = (engine: Engine): readonly SlotView[] => engine.status().targets[0]?.slots ?? [];
const allWell = (engine: Engine) =>
  sides(engine).every(
    ({ instances = [] }) => instances.length === 4 && instances.every((each) => each.healthy && each.running),
  );
const unknownOf = ({ instances = [] }: SlotView) => instances.map(({ unknown }) => unknown?.slice(0, 23));
const launches = async (at: string, stateFolder: string) =>
  (await labelsIn(at, stateFolder)).map((each) => each['bluegreen.launch']).toSorted();

describe.skipIf(reason !== undefined)(`two hosts${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    other = await startOtherHost(mkdtempSync(join(tmpdir(), 'bg-dockerd-')), 'b', registry?.name);
    stage = await setStage({ balancer: 'haproxy', instances: 4 });
    const ledger = join(stage.folder, 'ledger');
    mkdirSync(ledger, { recursive: true });
    await layImages(stage.folder, registry as TestRegistry);
    settings = await stage.edit((text) =>
      text
        .replace(/\n {8}canary: .*\n {8}bake: 1s\n/, configured(other, ledger))
        .replace('env: { SHOP_LEDGER', 'env: { HOST: 0.0.0.0, SHOP_LEDGER'),
    );
  }, 240_000);
  afterEach(() => other.plugIn());
  afterAll(async () => {
    if (settings) await strikeSettings(settings).catch(() => undefined);
    await stage?.strike();
    await other?.close();
    await registry?.close();
  }, 120_000);

  it('keep users while one cannot be reached, and it comes back with what it had', { timeout: 400_000 }, async () => {
    if (!settings) throw new Error('there are no settings');
    const { stateFolder } = settings;
    const { engine, stop } = stage.drive('driver', settings);
    const first = await deployed(engine, 'v1.0');
    expect(first.outcome?.kind, JSON.stringify(first.outcome)).toBe('promoted');
    const load = startUsers(stage.front, { count: users });
    expect((await deployed(engine, 'v2.1')).outcome).toMatchObject({ kind: 'promoted' });
    await eventually(() => allWell(engine));
    const before = [await launches(socket, stateFolder), await launches(other.socket, stateFolder)];
    expect(before.map((each) => each.length)).toEqual([4, 4]);
    expect((await labelsIn(other.socket, stateFolder)).map(({ zone }) => zone)).toEqual(['b', 'b', 'b', 'b']);

    other.pullCable();
    await eventually(() => sides(engine).every((side) => unknownOf(side)[1] !== undefined));
    const said = 'b does not answer since';
    expect(sides(engine).map(unknownOf)).toEqual(Array(2).fill([undefined, said, undefined, said]));
    await eventually(() => sides(engine).every(({ health }) => health === 'degraded'));
    const refused = await deployed(engine, 'v2.0');
    expect(refused.outcome?.kind).not.toBe('promoted');
    expect(JSON.stringify(refused.outcome)).toContain('Docker on b');
    const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect(back).toMatchObject({ version: 'v1.0', outcome: { kind: 'promoted' } });
    expect(await launches(socket, stateFolder)).toEqual(before[0]);

    other.plugIn();
    await eventually(() => allWell(engine));
    const after = [await launches(socket, stateFolder), await launches(other.socket, stateFolder)];
    expect(after).toEqual(before);
    const { sent, lost, versions: answered } = await load.stop(1_000);
    console.log(`two hosts: ${sent} requests, ${lost.length} lost; ${[...answered.keys()].join(' and ')} answered`);
    await stop();
    // At most one request of each user was under way on the host when its cable was pulled.
    expect(lost.length, lost.join('\n')).toBeLessThanOrEqual(users);
  });
});
