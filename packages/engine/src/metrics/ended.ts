// Counts of the deployments that have ended: once over the table, in pages, then along the audit log. So a deployment
// that ends while this process does not run is counted as well.

import type * as Client from 'prom-client';
import { yieldToEventLoop } from '../lib/clock.ts';
import { type EndedDeployment, endedOf, endedSoFar, endedUpTo } from '../state/ended-deployments.ts';
import type { MetricsParts } from './parts.ts';

const pageSize = 500;
const secondsBuckets = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const outcomes = ['promoted', 'aborted', 'rolled-back', 'failed', 'superseded', 'cancelled', 'halted'] as const;

/** @returns counts what has ended since the last call */
export function createEndedCounts(
  client: typeof Client,
  registry: Client.Registry<Client.OpenMetricsContentType>,
  { engine, store, stepsOfPeople }: MetricsParts,
): () => Promise<void> {
  const registers = [registry];
  const labelNames = ['service', 'target', 'mode', 'outcome'] as const;
  const total = new client.Counter({
    name: 'bluegreen_deployments',
    help: 'Deployments that have ended.',
    labelNames,
    registers,
  });
  const duration = new client.Histogram({
    name: 'bluegreen_deployment_duration_seconds',
    help: 'From the request of a deployment to its end, people included.',
    labelNames,
    buckets: secondsBuckets,
    registers,
  });
  const people = new client.Histogram({
    name: 'bluegreen_deployment_people_seconds',
    help: 'How long a deployment waited for people: in approvals and holds.',
    labelNames: ['service', 'target'],
    buckets: secondsBuckets,
    registers,
  });
  // A rate sees the first of a kind only where the series was there before it.
  for (const { service, target } of engine.settings.targets)
    for (const outcome of outcomes) total.inc({ service, target, mode: 'deploy', outcome }, 0);

  function count({ service, target, mode, outcome, ms, peopleMs }: EndedDeployment): void {
    total.inc({ service, target, mode, outcome });
    duration.observe({ service, target, mode, outcome }, ms / 1000);
    people.observe({ service, target }, peopleMs / 1000);
  }

  let seq: number | undefined;

  async function countAllSoFar(): Promise<number> {
    const soFar = endedSoFar(store.db);
    let after = 0;
    for (;;) {
      const { ended, last } = endedUpTo(store.db, soFar, { after, limit: pageSize, stepsOfPeople });
      for (const one of ended) count(one);
      if (last === undefined) return soFar.seq;
      after = last;
      await yieldToEventLoop();
    }
  }

  return async () => {
    seq ??= await countAllSoFar();
    for (;;) {
      const rows = engine.audit.after(seq, pageSize);
      const ids = rows.flatMap(({ action, deploymentId }) =>
        action === 'deployment-finished' && deploymentId !== null ? [deploymentId] : [],
      );
      for (const one of endedOf(store.db, ids, stepsOfPeople)) count(one);
      seq = rows.at(-1)?.seq ?? seq;
      if (rows.length < pageSize) return;
      await yieldToEventLoop();
    }
  };
}
