// The verbs about builds, bound to one context, and what the flow asks of the builds.

import type { Builds } from '../api/builds.ts';
import { actorName } from '../domain/actor.ts';
import type { Contributors } from '../domain/contributors.ts';
import type { TargetKey } from '../domain/target.ts';
import { buildOf, latestBuilds, readBuild } from '../state/builds.ts';
import type { Lease } from '../state/leases.ts';
import type { Tx } from '../state/store.ts';
import { explainPayload } from './explain.ts';
import type { BuildsContext } from './flow.ts';
import { hookActor } from './react.ts';
import { takeDelivery } from './take.ts';
import { deployWaitingBuild, leaveQueue, type PersonsEnd, waitingBuilds } from './waiting.ts';
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

/** What a queue shows of a build. */
interface WaitingBuildFacts {
  readonly build: number;
  readonly since: number;
  readonly version: string;
  readonly branch: string | undefined;
  /** As stored in rows. */
  readonly requestedBy: string;
}

export interface BuildsForFlow {
  /** Deploys the build that waits for the target, once the target is free. */
  deployWaiting(key: TargetKey, lease: Lease): void;
  /** Builds that wait for the target, in their order. */
  waiting(key: TargetKey): readonly WaitingBuildFacts[];
  /** Takes a waiting build out, at a person's word. */
  leave(tx: Tx, key: TargetKey, end: PersonsEnd): void;
  /** Of a release of the target's service. */
  contributors(key: TargetKey, version: string): Contributors;
}

export function createBuildsForFlow(context: BuildsContext): BuildsForFlow {
  return {
    deployWaiting: (key, lease) => deployWaitingBuild(context, key, lease),
    waiting: (key) =>
      waitingBuilds(context.store.db, key).flatMap(({ build: id, since }) => {
        const build = readBuild(context.store.db, id);
        if (!build) return [];
        const { version, branch } = build;
        return [{ build: id, since, version, branch, requestedBy: actorName(hookActor(build)) }];
      }),
    leave: (tx, key, end) => leaveQueue(context, tx, key, end),
    contributors: (key, version) => contributorsOf(context, key, version),
  };
}
