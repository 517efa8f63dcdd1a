// The verbs about builds, bound to one core.

import type { Builds } from '../api/builds.ts';
import type { Core } from '../orchestrator/core.ts';
import { buildOf, latestBuilds, readBuild } from '../state/builds.ts';
import { explainDelivery } from './explain.ts';
import { takeDelivery } from './take.ts';

const mostListed = 200;

export function createBuilds(core: Core): Builds {
  const { db } = core.store;
  return {
    take: async (delivered) => takeDelivery(core, delivered),
    explain: (given) => explainDelivery(core, given),
    find: (id) => readBuild(db, id),
    ofVersion: (service, version) => buildOf(db, service, version),
    latest: (service, limit) => latestBuilds(db, service, Math.min(limit, mostListed)),
  };
}
