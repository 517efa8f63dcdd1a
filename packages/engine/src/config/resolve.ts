// From the file as written to the settings that the engine works with: merged, defaults filled in, paths absolute,
// durations in ms, sizes in bytes. Takes only a file without problems.

import { dirname, resolve } from 'node:path';
import { parseDuration, parseSize } from '../lib/units.ts';
import { resolveApproval } from './approval/approval.ts';
import { resolveArtifacts } from './artifacts/artifacts.ts';
import { resolveKeepReleases } from './artifacts/keep-releases.ts';
import { resolveAudit } from './audit/audit.ts';
import { resolveBalancer } from './balancer/balancer.ts';
import { resolveBuilds } from './builds/builds.ts';
import { resolveStaleness } from './builds/staleness.ts';
import { resolveDatabase } from './database/database.ts';
import { defaultOptions, defaultSmokeTimeout } from './defaults.ts';
import { settingsDigest } from './digest.ts';
import type { Drivers } from './drivers.ts';
import { resolveFreezes } from './freezes/freezes.ts';
import type { GuardSettings } from './guard/guard.ts';
import { resolveHealth } from './health/health.ts';
import { resolveMinHealthy, resolvePorts } from './instances/instances.ts';
import { resolveJudge } from './judge/judge.ts';
import { merge } from './kit/draft.ts';
import { resolveMonitoring } from './monitoring/monitoring.ts';
import { resolveNotify, resolveRecipients } from './notify/resolve.ts';
import { resolveContinuousSmoke } from './probes/continuous-smoke.ts';
import { resolveDrill } from './probes/drill.ts';
import { resolveAccount, resolveQuota } from './process/account.ts';
import { resolveEnvironment } from './process/environment.ts';
import { resolveRequiredEnv } from './process/required-env.ts';
import { resolveProcessRoles } from './process-roles/process-roles.ts';
import { resolveReport } from './report/report.ts';
import { resolveRoles } from './roles/roles.ts';
import type { ConfigFile, ServiceFile, TargetFile } from './schema.ts';
import type { ServiceOptions } from './service-options.ts';
import type { CanaryStep, Person, Settings, SmokeTest, TargetSettings } from './settings.ts';
import { commandWords } from './slack/command-words.ts';
import { resolveStatuses } from './statuses/statuses.ts';
import { resolveWeb } from './web/web.ts';

export function resolveSettings(options: {
  readonly file: string;
  readonly config: ConfigFile;
  readonly warnings: readonly string[];
  readonly drivers: Drivers;
}): Settings {
  const { file, config, warnings, drivers } = options;
  const folder = dirname(file);
  const targets = Object.entries(config.services).flatMap(([service, shared]) =>
    Object.entries(shared.targets).map(([target, own]) =>
      resolveTarget({ service, target, shared, own, folder, drivers, approvers: config.approvers ?? [] }),
    ),
  );
  return {
    file,
    digest: settingsDigest(targets),
    stateFolder: resolve(folder, config.state),
    people: (config.people ?? []).map(resolvePerson),
    slack: { commands: commandWords(config.slack ?? {}), team: config.slack?.team, onCall: config.slack?.onCall },
    notify: resolveNotify(config.notify ?? {}, folder),
    statuses: resolveStatuses(config.statuses ?? {}, folder),
    audit: resolveAudit(config.audit ?? {}, folder),
    report: resolveReport(config),
    web: resolveWeb(config.web, folder),
    targets,
    builds: resolveBuilds(config.services),
    monitoring: resolveMonitoring(config.monitoring ?? []),
    warnings,
  };
}

interface TargetInput {
  readonly service: string;
  readonly target: string;
  readonly shared: ServiceFile;
  readonly own: TargetFile;
  readonly folder: string;
  readonly drivers: Drivers;
  readonly approvers: readonly string[];
}

function resolveTarget({ service, target, shared, own, folder, drivers, approvers }: TargetInput): TargetSettings {
  const { targets, builds: _builds, goals: _goals, ...sharedOptions } = shared;
  const options = merge(merge(defaultOptions, sharedOptions), own);
  const inFolder = (path: string) => resolve(folder, path);
  if (options.releases === undefined || options.channel === undefined)
    throw new TypeError(`${service}/${target} was not checked before it was resolved`);
  const slot = ({ port, instances, maxInstances, ports, envFiles = [], ...account }: TargetFile['slots']['blue']) => ({
    ...resolvePorts({ port, instances, maxInstances, ports }, options),
    ...resolveAccount(options, account),
    envFiles: [...options.envFiles, ...envFiles].map(inFolder),
  });
  return {
    service,
    target,
    isDefault: own.default === true || Object.keys(targets).length === 1,
    releasesFolder: inFolder(options.releases),
    ...resolveEnvironment(own.environment, drivers.environments, inFolder),
    slots: { blue: slot(own.slots.blue), green: slot(own.slots.green) },
    ...resolveMinHealthy(options),
    command: options.command ?? [],
    env: asTexts(options.env),
    ...resolveRequiredEnv(options.requiredEnv),
    ...resolveLimits(options),
    ...resolveProcessRoles(options.processRoles, { grace: options.grace, inFolder }),
    health: resolveHealth(options.health, inFolder),
    smokeTests: options.smokeTests.map(resolveSmokeTest),
    smokeTotalMs: parseDuration(options.smokeTotal),
    continuousSmoke: resolveContinuousSmoke(options.continuousSmoke),
    drill: resolveDrill(options.drill),
    balancer: resolveBalancer(own.loadBalancer, drivers.balancers, inFolder),
    canary: options.canary.map(resolveCanaryStep),
    canaryLimits: options.canaryLimits && {
      largestStep: options.canaryLimits.largestStep,
      leastWatchMs: parseDuration(options.canaryLimits.leastWatch),
    },
    approval: resolveApproval(options.approval, approvers),
    roles: resolveRoles(options.roles),
    judge: resolveJudge(options.judge, drivers.evidence),
    ...resolveAfterwards(options),
    freezes: resolveFreezes(options.freezes, inFolder),
    channel: options.channel,
    recipients: resolveRecipients(options.notify),
    database: resolveDatabase(options.database, drivers.databases),
    artifacts: resolveArtifacts(options.artifacts, inFolder),
    keepReleases: resolveKeepReleases(options.keepReleases),
  };
}

type Options = typeof defaultOptions & ServiceOptions;

function resolveLimits({ grace, drain, settle, limits, quota }: Options) {
  return {
    graceMs: parseDuration(grace),
    drainLimitMs: parseDuration(drain?.limit ?? grace),
    settleMs: parseDuration(settle),
    minFreeDiskBytes: parseSize(limits.disk),
    minFreeMemoryBytes: parseSize(limits.memory),
    maxLogBytes: parseSize(limits.log),
    ...resolveQuota(quota),
  };
}

function resolveAfterwards(options: Options) {
  const { bake, standby, afterBake, failedSide, crash, guard, suspendAfterRollback } = options;
  return {
    bakeMs: parseDuration(bake),
    standbyKeepMs: standby.keep === 'until-next-deployment' ? undefined : parseDuration(standby.keep),
    afterBake,
    // biome-ignore lint/suspicious/noThenProperty: a key of the file, never awaited
    failedSide: { keepMs: parseDuration(failedSide.keep), then: failedSide.then },
    crash: { firstRestartMs: parseDuration(crash.firstRestart), maxRestartMs: parseDuration(crash.maxRestart) },
    guard: guardSettings(guard),
    suspendAfterRollback,
    lockReminderMs: parseDuration(options.lockReminder),
    staleness: resolveStaleness(options.staleness),
  };
}

function guardSettings({ within, ...rest }: Options['guard']): GuardSettings {
  return { ...rest, withinMs: parseDuration(within) };
}

export function resolveSmokeTest(test: NonNullable<ServiceOptions['smokeTests']>[number]): SmokeTest {
  const asJson = test.body !== undefined && typeof test.body !== 'string';
  const headers = asTexts(test.headers ?? {});
  const typed = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return {
    name: test.name,
    method: test.method ?? 'GET',
    path: test.path,
    headers: asJson && !typed ? { 'content-type': 'application/json', ...headers } : headers,
    body: asJson ? JSON.stringify(test.body) : (test.body as string | undefined),
    timeoutMs: parseDuration(test.timeout ?? defaultSmokeTimeout),
    ...(test.continuous === undefined ? {} : { continuous: test.continuous }),
    expect: { status: test.expect?.status ?? 200, json: test.expect?.json ?? {}, text: test.expect?.text ?? [] },
  };
}

function resolveCanaryStep({
  percent,
  watch,
  approval = false,
}: NonNullable<ServiceOptions['canary']>[number]): CanaryStep {
  return { percent, watchMs: watch === undefined ? undefined : parseDuration(watch), approval };
}

function resolvePerson({
  id,
  name,
  slack,
  email,
  codeHost,
  osUser,
}: NonNullable<ConfigFile['people']>[number]): Person {
  return { id, name: name ?? id, slack, email, codeHost, osUser };
}

const asTexts = (values: Readonly<Record<string, string | number | boolean>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
