// Health checks and smoke tests of all instances of a slot, as one report. Of a slot with one instance it is that
// instance's own report.

import { type HealthProbe, probeHealth } from './health.ts';
import type { HealthReport } from './health-report.ts';
import { type OwnCheck, withOwnCheck } from './own-checks.ts';
import { runSmokeTests, type SmokeReport, type SmokeRun } from './smoke.ts';

/** Of one instance of several. */
export interface InstanceHealth {
  /** From 1. */
  readonly instance: number;
  readonly healthy: boolean;
  readonly problem?: string;
}

export interface SlotHealth extends HealthReport {
  /** Undefined: the slot has one instance. */
  readonly instances?: readonly InstanceHealth[];
}

/** What the platform says of each instance, in order. */
interface Evidence {
  readonly ownChecks?: readonly (OwnCheck | undefined)[] | undefined;
}

interface All {
  /** Of the instances, in order. */
  readonly urls: readonly string[];
  /** So many must be healthy. */
  readonly enough: number;
}

/** Healthy with enough healthy instances, and degraded with fewer than all. */
export async function probeInstances(
  probe: Omit<HealthProbe, 'url' | 'through'> & All & Evidence,
): Promise<SlotHealth> {
  const { urls, enough, ownChecks = [], ...rest } = probe;
  const reports = await Promise.all(
    urls.map((url, index) => {
      const instance = urls.length === 1 ? undefined : index + 1;
      return probeHealth({ ...rest, url, expected: { ...rest.expected, instance } });
    }),
  );
  return sumHealth(
    reports.map((report, index) => withOwnCheck(report, ownChecks[index])),
    enough,
  );
}

/** Pure. @param reports at least one, in the order of the instances */
export function sumHealth(reports: readonly HealthReport[], enough: number): SlotHealth {
  const [only, ...others] = reports;
  if (!only) throw new TypeError('a slot has at least one instance');
  if (others.length === 0) return only;
  const instances = reports.map(({ healthy, problem }, index) => ({
    instance: index + 1,
    healthy,
    ...(problem === undefined ? {} : { problem }),
  }));
  const good = reports.filter(({ healthy }) => healthy);
  const first = good[0] ?? only;
  const lacking = sentenceOf(instances);
  const { problem: _problem, degraded: _degraded, ...shown } = first;
  const summed = { ...shown, instances, ms: Math.max(...reports.map(({ ms }) => ms)) };
  if (good.length < enough) {
    const answered = reports.filter((each) => each.answered).length >= enough;
    return { ...summed, healthy: false, answered, problem: lacking ?? 'no reason given' };
  }
  const degraded = lacking ?? good.find((each) => each.degraded !== undefined)?.degraded;
  return { ...summed, healthy: true, answered: true, ...(degraded === undefined ? {} : { degraded }) };
}

/** `2 of 3 instances are healthy; instance 2: connection refused`. Undefined where all are. */
function sentenceOf(instances: readonly InstanceHealth[]): string | undefined {
  const ill = instances.find(({ healthy }) => !healthy);
  if (!ill) return undefined;
  const count = instances.filter(({ healthy }) => healthy).length;
  return `${count} of ${instances.length} instances are healthy; instance ${ill.instance}: ${ill.problem ?? 'no reason given'}`;
}

/** Every test on every instance; it passes where it passes on enough of them. */
export async function smokeInstances({ urls, enough, ...run }: Omit<SmokeRun, 'baseUrl'> & All): Promise<SmokeReport> {
  const reports = await Promise.all(urls.map((baseUrl) => runSmokeTests({ ...run, baseUrl })));
  const [only, ...others] = reports;
  if (!only || others.length === 0) return only ?? { passed: false, results: [] };
  const results = only.results.map(({ name }, at) => {
    const each = reports.flatMap(({ results: all }) => all[at] ?? []);
    const failing = each.findIndex(({ passed }) => !passed);
    const ms = Math.max(...each.map((result) => result.ms));
    if (each.filter(({ passed }) => passed).length >= enough) return { name, passed: true, ms };
    return {
      name,
      passed: false,
      ms,
      problem: `instance ${failing + 1}: ${each[failing]?.problem ?? 'no reason given'}`,
    };
  });
  return { passed: results.every(({ passed }) => passed), results };
}
