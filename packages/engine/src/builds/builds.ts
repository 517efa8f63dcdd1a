// The verbs about builds, bound to one context, and what the flow asks of the builds.

import type { Builds } from '../api/builds.ts';
import type { Contributors } from '../domain/contributors.ts';
import type { TargetKey } from '../domain/target.ts';
import { buildOf, latestBuilds, readBuild } from '../state/builds.ts';
import type { Lease } from '../state/leases.ts';
import { explainPayload } from './explain.ts';
import type { BuildsContext } from './flow.ts';
import { takeDelivery } from './take.ts';
import { deployWaitingBuild } from './waiting.ts';
import { contributorsOf } from './writers.ts';

const mostListed = 200;

export function createBuilds(context: BuildsContext): Builds {
  const { db } = context.store;
  return {
    take: async (delivery) => takeDelivery(context, delivery),
    explain: (given) => explainPayload(context, given),
    find: (id) => readBuild(db, id),
    ofVersion: (service, version) => buildOf(db, service, version),
    latest: (service, limit) => latestBuilds(db, service, Math.min(limit, mostListed)),
  };
}

export interface BuildsForFlow {
  /** Deploys the build that waits for the target, once the target is free. */
  deployWaiting(key: TargetKey, lease: Lease): void;
  /** Of a release of the target's service. */
  contributors(key: TargetKey, version: string): Contributors;
}

export function createBuildsForFlow(context: BuildsContext): BuildsForFlow {
  return {
    deployWaiting: (key, lease) => deployWaitingBuild(context, key, lease),
    contributors: (key, version) => contributorsOf(context, key, version),
  };
}
