// The composition root: configuration → drivers and store → the verbs. The only file that knows every driver.

import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Engine } from '../api/engine.ts';
import { artifactSecrets } from '../config/artifacts/artifacts.ts';
import { auditSecrets } from '../config/audit/audit.ts';
import { secretsIn } from '../config/notify/settings.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import { targetName } from '../config/settings.ts';
import { statusSecrets } from '../config/statuses/statuses.ts';
import type { SlotName } from '../domain/target.ts';
import type { Environment } from '../environment/environment.ts';
import { createProcessEnvironment } from '../environment/process/driver.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { createKeyedMutex } from '../lib/keyed-mutex.ts';
import type { Log } from '../lib/log.ts';
import { createEmbeddedBalancer } from '../load-balancer/embedded/driver.ts';
import { createHaproxyBalancer } from '../load-balancer/haproxy/driver.ts';
import type { BalancerSpec, LoadBalancer, PreviewRoute } from '../load-balancer/load-balancer.ts';
import { createNginxBalancer } from '../load-balancer/nginx/driver.ts';
import { tell } from '../notify/tell.ts';
import { driverLease, type Target } from '../orchestrator/core.ts';
import { createVerbs } from '../orchestrator/verbs/verbs.ts';
import { type Db, openDatabase } from '../state/database.ts';
import { liveLease } from '../state/leases.ts';
import { meta } from '../state/schema.ts';
import { createStore } from '../state/store.ts';
import { ensureTarget } from '../state/targets.ts';
import { createWake } from '../state/wake.ts';
import { connectBuilds } from './builds.ts';
import { followInstances } from './following-balancer.ts';
import { createTargetMigrator } from './migrators.ts';
import { createTellers } from './tellers.ts';

export interface EngineOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** `slack-bot`, `cli`, …: shown where it says who drives. */
  readonly processName: string;
  readonly clock?: Clock;
}

/** @throws BlueGreenError `state-newer`, `state-corrupt`, `state-locked`, `state-unsafe`, `config-changed` */
export function openEngine({ settings, log, processName, clock = systemClock }: EngineOptions): Engine {
  const db = openDatabase(settings.stateFolder, (sentence) => log.warn(sentence));
  refuseOtherConfiguration(db, settings, clock);
  const wake = createWake(db, clock);
  const previews = settings.targets.map((target) => previewOf(db, target));
  const secrets = [
    ...previews.map(({ token }) => token),
    ...secretsIn(settings.notify),
    ...statusSecrets(settings.statuses),
    ...auditSecrets(settings.audit),
    ...settings.targets.flatMap(({ artifacts }) => artifactSecrets(artifacts)),
  ];
  const store = createStore({ db, clock, redact: (text) => mask(text, secrets), committed: wake.announce });
  const environment = createProcessEnvironment({ stateFolder: settings.stateFolder, clock, log });
  const targets = settings.targets.map((target, index): Target => {
    const preview = previews[index] ?? previewOf(db, target);
    const key = { service: target.service, target: target.target };
    const upstreams = () => upstreamsOf(environment, target);
    return {
      key,
      name: targetName(target),
      settings: target,
      preview,
      environment,
      balancer: followInstances(upstreams, () =>
        createBalancer({ settings, target, spec: balancerSpec(target, preview, upstreams()), clock, log }),
      ),
      migrator: createTargetMigrator(target, clock),
    };
  });
  for (const { key } of targets) store.note((_, now) => ensureTarget(db, key, now));
  const { core, builds } = connectBuilds({ settings, store, wake, clock, log, targets, mutex: createKeyedMutex() });
  const verbs = { ...createVerbs(core, `${processName} (pid ${process.pid})`), builds };
  const tellers = () => createTellers({ engine: verbs, store, clock, log });
  return { ...verbs, tell: (signal) => tell({ withLease: verbs.withLease, clock, log }, tellers(), signal) };
}

/** One folder per driver, below the state folder. Nothing is started here. */
function createBalancer(options: {
  readonly settings: Settings;
  readonly target: TargetSettings;
  readonly spec: BalancerSpec;
  readonly clock: Clock;
  readonly log: Log;
}): LoadBalancer {
  const { settings, target, spec, clock, log } = options;
  const common = { spec, clock, log };
  const { accessLog } = target.balancer;
  const folderOf = (name: string) => join(settings.stateFolder, name);
  switch (target.balancer.driver) {
    case 'embedded':
      return createEmbeddedBalancer({
        ...common,
        folder: folderOf('proxy'),
        node: process.execPath,
        proxyEntry,
        accessLog,
      });
    case 'haproxy': {
      const haproxy = target.balancer.haproxy ?? { mode: 'managed', program: 'haproxy', tls: undefined };
      return createHaproxyBalancer({
        ...common,
        folder: folderOf('haproxy'),
        settings: haproxy,
        node: process.execPath,
      });
    }
    case 'nginx': {
      const nginx = target.balancer.nginx ?? { mode: 'managed', program: 'nginx', tls: undefined };
      return createNginxBalancer({ ...common, folder: folderOf('nginx'), settings: nginx });
    }
    default:
      return target.balancer.driver satisfies never;
  }
}

const proxyEntry = resolve(import.meta.dirname, '../../../../apps/proxy/src/main.ts');

/** Two processes that would start and route different things must not work on one state. */
function refuseOtherConfiguration(db: Db, settings: Settings, clock: Clock): void {
  const driver = liveLease(db, driverLease, clock);
  if (driver && driver.configDigest !== settings.digest) {
    db.$client.close();
    throw new BlueGreenError(
      'config-changed',
      `${driver.holder} drives ${settings.stateFolder} with another configuration than ${settings.file}`,
    );
  }
}

/** Without one in the configuration, a token is made once and kept with the state: the preview is always provable. */
function previewOf(db: Db, { service, target, balancer }: TargetSettings): PreviewRoute {
  if (balancer.preview) return balancer.preview;
  const key = `preview-token:${service}/${target}`;
  db.insert(meta)
    .values({ key, value: randomBytes(24).toString('hex') })
    .onConflictDoNothing()
    .run();
  const row = db
    .select()
    .from(meta)
    .all()
    .find((each) => each.key === key);
  return { header: 'x-bluegreen-preview', cookie: 'bg_preview', token: row?.value ?? '' };
}

/** Where instances answer now: as they were started, whatever the configuration says by now. */
function upstreamsOf(environment: Environment, { service, target, slots }: TargetSettings): BalancerSpec['upstreams'] {
  const upstream = (slot: SlotName) => ({
    host: '127.0.0.1',
    port: environment.startedAs({ service, target, slot })?.port ?? slots[slot].port,
  });
  return { blue: upstream('blue'), green: upstream('green') };
}

function balancerSpec(
  { service, target, balancer }: TargetSettings,
  preview: PreviewRoute,
  upstreams: BalancerSpec['upstreams'],
): BalancerSpec {
  return {
    service,
    target,
    listen: balancer.listen,
    upstreams,
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
