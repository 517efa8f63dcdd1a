// The Docker daemon is restarted, or killed, at each step of a deployment, under load. With live-restore the containers go on,
// and the users of the live side must not notice. Without it they end with the daemon: then it is said what was lost.

import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dockerForTests } from '../packages/engine/src/environment/docker/testing/docker-for-tests.ts';
import {
  type DaemonOptions,
  endDaemon,
  killDaemon,
  readyDaemon,
  removeDaemon,
  startDaemon,
} from '../packages/engine/src/environment/docker/testing/dockerd.ts';
import { testImage } from '../packages/engine/src/environment/docker/testing/test-image.ts';
import {
  alice,
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

// Says whether a Docker can be started here at all; its daemon ends with its last user.
const { why } = await dockerForTests();

const onDocker = (ledger: string, at: string): string => `
        canary: [{ percent: 25, watch: 2s }]
        judge: { minRequests: 1, maxErrorRate: 90%, patience: 60s }
        bake: 2s
        crash: { firstRestart: 200ms }
        command: [node, server.mjs]
        environment:
          driver: docker
          docker:
            hosts: [{ name: local, address: "unix://${at}" }]
            network: host
            image: ${testImage}
            volumes: [{ source: ${ledger}, path: ${ledger}, shared: true }]
`;

const steps = ['start-preview', 'check-health', 'shift-traffic', 'promote', 'bake'];
const few = ['start-preview', 'shift-traffic', 'promote'];

const ends = { restarted: endDaemon, killed: killDaemon };

let folder: string;
let stage: Stage;
let settings: Stage['settings'];
let daemon: ChildProcess;
let driver: ReturnType<Stage['drive']>;

const liveSide = (engine: Engine): SlotView | undefined => {
  const [target] = engine.status().targets;
  return target?.slots.find(({ slot }) => slot === target.routing.active);
};
const liveVersion = (engine: Engine): string | undefined => liveSide(engine)?.version;

describe.skipIf(why !== undefined).each([
  ['with', { liveRestore: true }, { killed: steps, restarted: few }],
  ['without', { liveRestore: false }, { killed: few, restarted: few }],
] as const)(
  `a daemon %s live-restore${why === undefined ? '' : ` (skipped: ${why})`}`,
  (_, options: DaemonOptions, at) => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bg-dockerd-'));
      daemon = startDaemon(folder, options);
      await readyDaemon(folder, daemon);
      stage = await setStage({ balancer: 'haproxy' });
      const ledger = join(stage.folder, 'ledger');
      mkdirSync(ledger, { recursive: true });
      const onIt = onDocker(ledger, join(folder, 'docker.sock'));
      settings = await stage.edit((text) => text.replace(/\n {8}canary: .*\n {8}bake: 1s\n/, onIt));
      driver = stage.drive('driver', settings);
      const first = await deployed(driver.engine, 'v1.0');
      expect(first.outcome?.kind, JSON.stringify(first.outcome)).toBe('promoted');
    }, 240_000);
    afterAll(async () => {
      await driver?.stop();
      await strikeSettings(settings).catch(() => undefined);
      await stage?.strike();
      await endDaemon(daemon);
      removeDaemon(folder);
    }, 120_000);
    afterEach(async () => {
      if (daemon.exitCode === null && daemon.signalCode === null) return;
      daemon = startDaemon(folder, options);
      await readyDaemon(folder, daemon);
    }, 120_000);

    const cases = (['killed', 'restarted'] as const).flatMap((how) => at[how].map((step) => [how, step] as const));
    it.each(cases)('is %s during %s', { timeout: 300_000 }, async (how, step) => {
      const { engine } = driver;
      await eventually(() => liveSide(engine)?.health === 'healthy');
      const load = startUsers(stage.front);
      const live = liveVersion(engine);
      const version = live === 'v1.0' ? 'v2.1' : 'v1.0';
      const { id } = value(engine.deploy({ version, actor: alice }));
      await until(engine, id, (view) => view.phase === step || finished(view));
      await ends[how](daemon, folder);
      daemon = startDaemon(folder, options);
      await readyDaemon(folder, daemon);
      const end = await until(engine, id, finished);
      const answered = async () => (await fetch(`${stage.front}/api/products`).catch(() => undefined))?.ok === true;
      await eventually(answered);
      const outcome = `${end.outcome?.kind}${end.outcome?.code === undefined ? '' : ` (${end.outcome.code})`}`;
      await eventually(
        () =>
          engine.status().targets[0]?.slots.find(({ slot }) => slot === engine.status().targets[0]?.routing.active)
            ?.health === 'healthy',
      );
      const { sent, lost } = await load.stop(50);
      console.log(
        `live-restore ${options.liveRestore}, ${how} during ${step}: ${outcome}, ${liveVersion(engine)} is live; ${sent} requests, ${lost.length} lost`,
      );
      expect([live, version]).toContain(liveVersion(engine));
      // It is not the fault of the release.
      expect(end.outcome?.code, end.outcome?.kind === 'promoted' ? '' : end.outcome?.sentence).not.toBe(
        'exec-not-found',
      );
      expect(end.outcome?.kind === 'promoted' ? liveVersion(engine) : version).toBe(version);
      if (options.liveRestore) expect(lost).toEqual([]);
    });
  },
);
