// The controller's look at the builds that wait, and the end of the deployment that they wait for.

import { join } from 'node:path';
import { connectBuilds } from '../../compose/builds.ts';
import { noMigrator } from '../../migrator/none.ts';
import type { Core } from '../../orchestrator/core.ts';
import type { TestEngine } from '../../orchestrator/verbs/testing/test-engine.ts';
import { acquireLease } from '../../state/leases.ts';
import { shop } from '../../state/testing/state.ts';
import { createFakeEnvironments } from '../../testing/fake-environment.ts';

/** As the controller does every few seconds. */
export function look({ settings, store, clock }: TestEngine): void {
  const [own] = settings.targets;
  const lease = acquireLease(store.db, { name: 'driver', holder: 'test', configDigest: settings.digest, clock });
  if (!own || !lease) throw new Error('there is no target, or nobody may drive');
  const environment = createFakeEnvironments({ folder: join(settings.stateFolder, 'slots'), clock }).create();
  const target = { key: shop, name: 'shop', settings: own, environment, migrator: noMigrator };
  const parts = { settings, store, clock, targets: [target] } as unknown as Omit<Core, 'builds'>;
  connectBuilds(parts).core.builds.deployWaiting(shop, lease);
  clock.advance(10_000);
}

/** Of the deployment that runs. */
export function endLive({ store, clock }: TestEngine, actor: string, outcome: string): void {
  store.db.$client
    .prepare(
      "UPDATE deployments SET outcome = ?, cause_actor = ?, finished_at = ?, phase = 'finished' WHERE finished_at IS NULL",
    )
    .run(outcome, actor, clock.now());
}
