// A part of engine.ts: connects the builds and the flow, each with what it needs of the other.

import type { Builds } from '../api/builds.ts';
import { createBuilds, createBuildsForFlow } from '../builds/builds.ts';
import type { BuildsContext } from '../builds/flow.ts';
import type { Core } from '../orchestrator/core.ts';
import { activeVersion, admitBuild } from '../orchestrator/verbs/admit-build.ts';

export function connectBuilds(parts: Omit<Core, 'builds'>): { readonly core: Core; readonly builds: Builds } {
  const context: BuildsContext = {
    ...parts,
    flow: {
      activeVersion: (key) => activeVersion(core, key),
      admit: (key, request) => admitBuild(core, key, request),
    },
  };
  const core: Core = { ...parts, builds: createBuildsForFlow(context) };
  return { core, builds: createBuilds(context) };
}
