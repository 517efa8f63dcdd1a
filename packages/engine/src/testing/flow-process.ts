// One engine process of a flow's test: its own connection to the state, its own handles on the drivers, one life.

import { connectBuilds } from '../compose/builds.ts';
import { createTargetChecks } from '../compose/checks.ts';
import { instanceCounts } from '../compose/instance-counts.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import { targetName } from '../config/settings.ts';
import { createKeyedMutex } from '../lib/keyed-mutex.ts';
import { silentLog } from '../lib/log.ts';
import type { Migrator } from '../migrator/migrator.ts';
import { noMigrator } from '../migrator/none.ts';
import { type Core, controllerLease, type Target } from '../orchestrator/core.ts';
import { runDeployment } from '../orchestrator/run/runner.ts';
import { createVerbs } from '../orchestrator/verbs/verbs.ts';
import type { ChangeSignal } from '../state/change-signal.ts';
import { type Db, openDatabase } from '../state/database.ts';
import { acquireLease, type Lease, leaseMs, renewLease } from '../state/leases.ts';
import { createStore } from '../state/store.ts';
import { ensureTarget } from '../state/targets.ts';
import type { FakeBalancers } from './fake-balancer.ts';
import type { FakeClock } from './fake-clock.ts';
import type { FakeEnvironments } from './fake-environment.ts';
import { fakeEvidence } from './fake-evidence.ts';
import type { FakeMigrators } from './fake-migrator.ts';
import { createLife, type Life, mortalDriver, mortalStore } from './mortal.ts';

export const previewRoute = { header: 'x-bluegreen-preview', cookie: 'bg_preview', token: 'preview-token' };

export interface FlowProcess {
  readonly core: Core;
  readonly target: Target;
  readonly engine: ReturnType<typeof createVerbs>;
  readonly life: Life;
  /** Its own from the first call on; waits in the clock of the test for a lease that a dead process left. */
  lease(): Lease;
  /** Moves the deployment until it is finished or this process is dead. The same promise while it runs. */
  run(id: string): Promise<void>;
  readonly running: () => number;
  /** Ends what it runs, as a process does that is asked to stop. */
  stop(): void;
  close(): void;
}

export interface World {
  readonly settings: Settings;
  readonly clock: FakeClock;
  readonly changeSignal: ChangeSignal;
  readonly environments: FakeEnvironments;
  readonly balancers: FakeBalancers;
  readonly migrators: FakeMigrators;
  readonly hasDatabase: boolean;
  /** In place of the fake one. */
  readonly migrator?: Migrator | undefined;
}

export function startProcess(world: World, holder: string): FlowProcess {
  const { settings, clock, changeSignal } = world;
  const db = openDatabase(settings.stateFolder);
  leaveUnsynced(db);
  const life = createLife();
  const plain = createStore({ db, clock, redact: (text) => text, committed: changeSignal.announce });
  const store = mortalStore(plain, life);
  const targets = settings.targets.map((target) => targetFor(world, target, life, db));
  for (const { key } of targets) store.note((_, now) => ensureTarget(db, key, now));
  const { core } = connectBuilds({
    settings,
    store,
    changeSignal,
    clock,
    log: silentLog,
    targets,
    mutex: createKeyedMutex(),
  });
  const [target] = targets;
  if (!target) throw new Error('the configuration of the test has no target');
  const over = new AbortController();
  const runs = new Map<string, Promise<void>>();
  let held: Lease | undefined;
  const lease = (): Lease => {
    held ??= takeLease(core, clock, holder);
    // As its heartbeat would: the time of a test passes in leaps.
    renewLease(db, held, clock);
    return held;
  };
  return {
    core,
    target,
    engine: createVerbs(core, holder),
    life,
    lease,
    run: (id) => {
      const run = runs.get(id) ?? runDeployment(core, lease(), id, over.signal).finally(() => runs.delete(id));
      runs.set(id, run);
      return run;
    },
    running: () => runs.size,
    stop: () => over.abort(),
    close: () => db.$client.close(),
  };
}

/** A test kills processes and no machines: what the disk does not have yet is lost with neither. */
function leaveUnsynced({ $client: client }: Db): void {
  client.pragma('synchronous = OFF');
  const pragma = client.pragma.bind(client);
  client.pragma = (source, options) => (source.startsWith('synchronous') ? undefined : pragma(source, options));
}

function targetFor(
  { environments, balancers, migrators, hasDatabase, migrator, clock }: World,
  settings: TargetSettings,
  life: Life,
  db: Db,
): Target {
  const environment = mortalDriver(environments.create(), life);
  const counts = instanceCounts(db, settings);
  return {
    ...(counts ? { counts } : {}),
    key: { service: settings.service, target: settings.target },
    name: targetName(settings),
    settings,
    preview: previewRoute,
    environment,
    balancer: mortalDriver(balancers.create(), life),
    migrator: migrator ?? (hasDatabase ? mortalDriver(migrators.create(), life) : noMigrator),
    checks: createTargetChecks(settings, { db, environment, clock, drivers: [fakeEvidence] }),
  };
}

/** The lease of a process that was killed runs out. */
function takeLease({ store, settings }: Core, clock: FakeClock, holder: string): Lease {
  const take = () => acquireLease(store.db, { name: controllerLease, holder, configDigest: settings.digest, clock });
  const free = take();
  if (free) return free;
  clock.advance(leaseMs + 1);
  const late = take();
  if (!late) throw new Error('the lease of the process before did not run out');
  return late;
}
