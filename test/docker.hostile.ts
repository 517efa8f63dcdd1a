// Containers as users meet them: real Docker, a real balancer, the sample shop, and users who never stop asking.

import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@bg/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { dockerForTests } from '../packages/engine/src/environment/docker/testing/docker-for-tests.ts';
import {
  endDaemon,
  readyDaemon,
  removeDaemon,
  startDaemon,
} from '../packages/engine/src/environment/docker/testing/dockerd.ts';
import { labelsIn } from '../packages/engine/src/environment/docker/testing/fixture.ts';
import { testImage } from '../packages/engine/src/environment/docker/testing/test-image.ts';
import { bob, deployed, finished, type Stage, setStage, strikeSettings, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const { socket, why } = await dockerForTests();

/** Several rounds of the supervisor. */
const silentMs = 15_000;

let stage: Stage | undefined;
let containers: Stage['settings'] | undefined;
afterEach(async () => {
  // The stage itself knows processes only.
  if (containers) await strikeSettings(containers);
  await stage?.strike();
  [stage, containers] = [undefined, undefined];
});

/** The ledger is a folder that both sides write to. */
const onDocker = (ledger: string, at = socket): string => `
        canary: [{ percent: 10, watch: 1s }]
        bake: 1s
        command: [node, server.mjs]
        environment:
          driver: docker
          docker:
            hosts: [{ name: local, address: "unix://${at}" }]
            network: host
            image: ${testImage}
            volumes: [{ source: ${ledger}, path: ${ledger}, shared: true }]
`;

describe.skipIf(socket === undefined)(`with Docker${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  it('deploys, promotes and rolls back under load, and loses no request', async () => {
    stage = await setStage();
    const ledger = join(stage.folder, 'ledger');
    mkdirSync(ledger, { recursive: true });
    containers = await stage.edit((text) => text.replace(/\n {8}canary: .*\n {8}bake: 1s\n/, onDocker(ledger)));
    const { engine, stop } = stage.drive('driver', containers);
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
    const users = startUsers(stage.front);
    const second = await deployed(engine, 'v2.1');
    expect(second.outcome).toMatchObject({ kind: 'promoted' });
    const made = await labelsIn(socket ?? '', containers.stateFolder);
    expect(made.map((each) => each['bluegreen.deployment'])).toContain(second.id);
    expect(made.every((each) => Number(each['bluegreen.fence']) > 0)).toBe(true);
    expect(engine.status().targets[0]?.rollback).toMatchObject({ readiness: 'instant', version: 'v1.0' });
    const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect(back.outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    const { sent, lost, versions } = await users.stop(100);
    console.log(`docker: ${sent} requests sent, ${lost.length} lost, ${[...versions.keys()].join(' and ')} answered`);
    await stop();
    expect(lost).toEqual([]);
    expect([...versions.keys()].toSorted()).toEqual(['v1.0', 'v2.1']);
  });

  it('whose daemon is stopped for a while costs no request: nothing is reported as gone, or started again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bg-dockerd-'));
    const at = join(folder, 'docker.sock');
    let daemon = startDaemon(folder, { liveRestore: true });
    try {
      await readyDaemon(folder, daemon);
      stage = await setStage();
      const ledger = join(stage.folder, 'ledger');
      mkdirSync(ledger, { recursive: true });
      containers = await stage.edit((text) => text.replace(/\n {8}canary: .*\n {8}bake: 1s\n/, onDocker(ledger, at)));
      const { engine, stop } = stage.drive('driver', containers);
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
      // The canary is judged by them.
      const users = startUsers(stage.front);
      expect((await deployed(engine, 'v2.1')).outcome).toMatchObject({ kind: 'promoted' });
      const before = engine.audit.after(0, 100_000).at(-1)?.seq ?? 0;
      await endDaemon(daemon);
      await systemClock.sleep(silentMs);
      expect(engine.status().targets[0]?.slots.map(({ health }) => health)).toEqual(['healthy', 'healthy']);
      daemon = startDaemon(folder, { liveRestore: true });
      await readyDaemon(folder, daemon);
      await systemClock.sleep(silentMs);
      expect(engine.audit.after(before, 1_000).map(({ sentence }) => sentence)).toEqual([]);
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
      const { sent, lost } = await users.stop(100);
      console.log(`docker stopped: ${sent} requests sent, ${lost.length} lost`);
      await stop();
      expect(lost).toEqual([]);
    } finally {
      if (containers) await strikeSettings(containers);
      containers = undefined;
      await endDaemon(daemon);
      removeDaemon(folder);
    }
  });
});
