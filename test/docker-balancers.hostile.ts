// Three containers on each side, behind nginx and HAProxy, under load: deploy, canary, approval, promote, rollback, and one
// container killed during the canary. No container is made again by a promotion or a way back.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { dockerForTests } from '../packages/engine/src/environment/docker/testing/docker-for-tests.ts';
import { labelsIn } from '../packages/engine/src/environment/docker/testing/fixture.ts';
import { testImage } from '../packages/engine/src/environment/docker/testing/test-image.ts';
import { sampleReady } from './support/ready-instances.ts';
import {
  alice,
  awaitsApproval,
  bob,
  deployed,
  eventually,
  finished,
  setStage,
  strikeSettings,
  until,
  value,
} from './support/stage.ts';
import { startUsers } from './support/users.ts';

const { socket = '', why } = await dockerForTests();

const onDocker = (ledger: string): string => `
        canary: [{ percent: 25, watch: 2s, approval: true }]
        judge: { minRequests: 1, maxErrorRate: 90%, patience: 60s }
        bake: 1s
        crash: { firstRestart: 200ms }
        command: [node, server.mjs]
        environment:
          driver: docker
          docker:
            hosts: [{ name: local, address: "unix://${socket}" }]
            network: host
            image: ${testImage}
            volumes: [{ source: ${ledger}, path: ${ledger}, shared: true }]
`;

/** Each of them has at most one request in flight on a container that is killed. */
const users = 3;

const sideOf = (engine: Engine, slot: 'blue' | 'green'): SlotView | undefined =>
  engine.status().targets[0]?.slots.find((each) => each.slot === slot);
const pidsOf = (engine: Engine, slot: 'blue' | 'green') => sideOf(engine, slot)?.instances?.map(({ pid }) => pid) ?? [];
const allWell = (engine: Engine, slot: 'blue' | 'green') =>
  sideOf(engine, slot)?.instances?.filter(({ healthy, running }) => healthy && running).length === 3;
const bothWell = (engine: Engine) => eventually(() => allWell(engine, 'blue') && allWell(engine, 'green'));

const named = `three containers on each side${why === undefined ? '' : ` (skipped: ${why})`}`;
describe.skipIf(why !== undefined).each(['nginx', 'haproxy'] as const)(`${named} behind %s`, (balancer) => {
  it('serve through a deployment, a kill, a promotion and a rollback', { timeout: 400_000 }, async () => {
    const stage = await setStage({ balancer, instances: 3 });
    const ledger = join(stage.folder, 'ledger');
    mkdirSync(ledger, { recursive: true });
    const settings = await stage.edit((text) => text.replace(/\n {8}canary: .*\n {8}bake: 1s\n/, onDocker(ledger)));
    try {
      const { engine, stop } = stage.drive('driver', settings);
      const launches = async () =>
        (await labelsIn(socket, settings.stateFolder)).map((each) => each['bluegreen.launch']).toSorted();
      const first = await deployed(engine, 'v1.0');
      expect(first.outcome?.kind, JSON.stringify(first.outcome)).toBe('promoted');
      await eventually(() => allWell(engine, 'blue'));
      const ready = sampleReady(stage, { engine: stage.open('observer', settings), minimum: 2 });
      const load = startUsers(stage.front, { count: users });
      const { id } = value(engine.deploy({ version: 'v2.0', actor: alice }));
      const card = await until(engine, id, awaitsApproval);
      await eventually(() => allWell(engine, 'green'));
      const [made, before] = [await launches(), pidsOf(engine, 'green')];
      process.kill(before[1] ?? 0, 'SIGKILL');
      await eventually(() => allWell(engine, 'green') && pidsOf(engine, 'green')[1] !== before[1]);
      value(engine.approve(card, bob));
      const end = await until(engine, id, finished);
      expect(end.outcome?.kind, JSON.stringify(end.outcome)).toBe('promoted');
      expect(end.receipt?.instances?.map(({ healthy }) => healthy)).toEqual([true, true, true]);
      await bothWell(engine);
      const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
      expect(back).toMatchObject({ version: 'v1.0', outcome: { kind: 'promoted' } });
      await bothWell(engine);
      expect(await launches()).toEqual(made);
      const { sent, lost, versions } = await load.stop(1_000);
      const { samples, below } = await ready.stop();
      console.log(
        `docker behind ${balancer}: ${sent} requests, ${lost.length} lost, ${[...versions.keys()].join(' and ')} answered; ${samples} samples, ${below.length} below 2 instances`,
      );
      const crashes = engine.audit.after(0, 10_000).filter(({ action }) => action === 'crashed');
      expect(crashes.map(({ sentence }) => sentence).join()).toMatch(/instance 2 of v2\.0 in green .*SIGKILL/);
      await stop();
      expect(below).toEqual([]);
      expect(samples).toBeGreaterThan(20);
      // Only what the killed container was answering.
      expect(lost.length, lost.join('\n')).toBeLessThanOrEqual(users);
    } finally {
      await strikeSettings(settings);
      await stage.strike();
    }
  });
});
