// The composition root: configuration → drivers and store → the verbs. The caller passes the drivers in.

import { randomBytes } from 'node:crypto';
import type { Engine } from '../api/engine.ts';
import { artifactSecrets } from '../config/artifacts/artifacts.ts';
import { auditSecrets } from '../config/audit/audit.ts';
import { ownOf, requireDriver } from '../config/drivers.ts';
import { judgeSecrets } from '../config/judge/judge.ts';
import { secretsIn } from '../config/notify/settings.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import { targetName } from '../config/settings.ts';
import { statusSecrets } from '../config/statuses/statuses.ts';
import type { Environment } from '../environment/environment.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { createKeyedMutex } from '../lib/keyed-mutex.ts';
import type { Log } from '../lib/log.ts';
import { createBalancer } from '../load-balancer/driver.ts';
import type { BalancerSpec, PreviewRoute } from '../load-balancer/load-balancer.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { notify } from '../notify/notify.ts';
import { controllerLease, type Target } from '../orchestrator/core.ts';
import { steps } from '../orchestrator/run/steps/registry.ts';
import { createVerbs } from '../orchestrator/verbs/verbs.ts';
import { createChangeSignal } from '../state/change-signal.ts';
import { type Db, openDatabase } from '../state/database.ts';
import { liveLease } from '../state/leases.ts';
import { withRoom } from '../state/room.ts';
import { meta } from '../state/schema.ts';
import { createStore } from '../state/store.ts';
import { ensureTarget } from '../state/targets.ts';
import { connectBuilds } from './builds.ts';
import { createTargetChecks } from './checks.ts';
import type { EngineDrivers } from './engine-drivers.ts';
import { followInstances } from './following-balancer.ts';
import { instanceChecks } from './instance-checks.ts';
import { balancedInstances, instanceCounts } from './instance-counts.ts';
import { createTargetMigrator } from './migrators.ts';
import { createNotifiers } from './notifiers.ts';
import { createReports } from './reports.ts';

export interface CompositionOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** `slack-bot`, `cli`, …: shown as the name of the controller. */
  readonly processName: string;
  readonly clock?: Clock;
  /** For a command that ends: see `openDatabase`. */
  readonly aloneOnFullDisk?: boolean;
  /** What the settings were resolved with. */
  readonly drivers: EngineDrivers;
}

/** @throws BlueGreenError `state-newer`, `state-corrupt`, `state-locked`, `state-unsafe`, `config-changed` */
export function composeEngine(options: CompositionOptions): Engine {
  const { settings, log, processName, clock = systemClock, drivers } = options;
  const db = openDatabase(settings.stateFolder, {
    warn: (sentence) => log.warn(sentence),
    aloneOnFullDisk: options.aloneOnFullDisk,
  });
  refuseOtherConfiguration(db, settings, clock);
  const changeSignal = createChangeSignal(db, clock);
  const previews = settings.targets.map((target) => previewOf(db, target));
  const secrets = [
    ...previews.map(({ token }) => token),
    ...secretsIn(settings.notify),
    ...statusSecrets(settings.statuses),
    ...auditSecrets(settings.audit),
    ...settings.targets.flatMap((target) => secretsOfTarget(target, drivers)),
  ];
  const store = createStore({ db, clock, redact: (text) => mask(text, secrets), committed: changeSignal.announce });
  const environments = createEnvironments({ settings, drivers, clock, log });
  const targets = settings.targets.map((target, index): Target => {
    const preview = previews[index] ?? previewOf(db, target);
    const key = { service: target.service, target: target.target };
    const environment = environments(target.driver);
    const balancer = requireDriver(drivers.balancers, target.balancer.driver);
    const { stateFolder } = settings;
    const counts = instanceCounts(db, target);
    const balanced = () => balancedInstances({ environment, settings: target, counts });
    return {
      key,
      name: targetName(target),
      settings: target,
      preview,
      environment,
      ...(counts ? { counts } : {}),
      balancer: followInstances(balanced, (now) =>
        createBalancer(balancer, {
          spec: balancerSpec(target, preview, now),
          settings: ownOf(target.balancer, balancer.name),
          stateFolder,
          accessLog: target.balancer.accessLog,
          clock,
          log,
        }),
      ),
      migrator: createTargetMigrator(target, clock, drivers.databases),
      checks: createTargetChecks(target, { db, environment, clock, drivers: drivers.evidence }),
    };
  });
  for (const { key } of targets) store.note((_, now) => ensureTarget(db, key, now));
  const { core, builds } = connectBuilds({
    settings,
    store,
    changeSignal,
    clock,
    log,
    targets,
    mutex: createKeyedMutex(),
  });
  const acting = { ...createVerbs(core, `${processName} (pid ${process.pid})`), builds };
  const verbs = {
    ...acting,
    metrics: createMetrics({ engine: acting, store, stepsOfPeople }),
    reports: createReports({ settings, db, clock }),
  };
  const notifiers = () => createNotifiers({ engine: verbs, store, clock, log });
  return {
    ...verbs,
    notify: (signal) => notify({ withLease: verbs.withLease, clock, log }, notifiers(), signal),
  };
}

function secretsOfTarget({ artifacts, judge, driver, environment }: TargetSettings, drivers: EngineDrivers) {
  const ofEnvironment = requireDriver(drivers.environments, driver).secrets?.(environment) ?? [];
  return [...artifactSecrets(artifacts), ...judgeSecrets(judge), ...ofEnvironment];
}

const stepsOfPeople = steps.filter(({ waitsFor }) => waitsFor === 'people').map(({ name }) => name);

/** One for all targets that have it. Nothing is started here. */
function createEnvironments({
  settings,
  drivers,
  clock,
  log,
}: Required<Pick<CompositionOptions, 'settings' | 'drivers' | 'clock' | 'log'>>): (name: string) => Environment {
  const made = new Map<string, Environment>();
  const settingsOf = (service: string, target: string) =>
    settings.targets.find((each) => each.service === service && each.target === target)?.environment;
  return (name) => {
    const environment =
      made.get(name) ??
      requireDriver(drivers.environments, name).create({ stateFolder: settings.stateFolder, settingsOf, clock, log });
    made.set(name, environment);
    return environment;
  };
}

/** Two processes that would start and route different things must not work on one state. */
function refuseOtherConfiguration(db: Db, settings: Settings, clock: Clock): void {
  const driver = liveLease(db, controllerLease, clock);
  if (driver && driver.configDigest !== settings.digest) {
    db.$client.close();
    throw new BlueGreenError(
      'config-changed',
      `${driver.holder} drives ${settings.stateFolder} with another configuration than ${settings.file}`,
    );
  }
}

/** Without a token in the configuration, creates one once and stores it with the state, so a preview can be proved. */
function previewOf(db: Db, { service, target, balancer }: TargetSettings): PreviewRoute {
  if (balancer.preview) return balancer.preview;
  const key = `preview-token:${service}/${target}`;
  const stored = () =>
    db
      .select()
      .from(meta)
      .all()
      .find((each) => each.key === key)?.value;
  const create = () =>
    db
      .insert(meta)
      .values({ key, value: randomBytes(24).toString('hex') })
      .onConflictDoNothing()
      .run();
  if (stored() === undefined) withRoom(db, 'decision', create);
  return { header: 'x-bluegreen-preview', cookie: 'bg_preview', token: stored() ?? '' };
}

function balancerSpec(
  { service, target, balancer, health }: TargetSettings,
  preview: PreviewRoute,
  balanced: Pick<BalancerSpec, 'upstreams' | 'admitted'>,
): BalancerSpec {
  return {
    service,
    target,
    listen: balancer.listen,
    ...balanced,
    checks: instanceChecks(health),
    sticky: balancer.sticky,
    preview,
    allow: balancer.allow,
    requestTimeoutMs: balancer.requestTimeoutMs,
    drainSpreadMs: balancer.drainSpreadMs,
    trustedProxies: balancer.trustedProxies,
    maxHeaderBytes: balancer.maxHeaderBytes,
    healthPath: balancer.healthPath,
  };
}

function mask(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => (secret === '' ? masked : masked.replaceAll(secret, '[secret]')), text);
}
