// Which event a signed body of GitHub can be. The header that names the event is not signed: without this, whoever has
// seen one delivery could have it read as another kind.

import type { JsonObject } from './json.ts';

interface Shape {
  readonly has: readonly string[];
  readonly lacks?: readonly string[];
}

/** The events that rules can ask for. Of the others only the name is known, and no rule reads them. */
const shapes: Readonly<Record<string, Shape>> = {
  ping: { has: ['zen', 'hook_id'] },
  push: { has: ['ref', 'before', 'after', 'commits'] },
  workflow_run: { has: ['action', 'workflow_run', 'workflow'], lacks: ['deployment'] },
  workflow_job: { has: ['action', 'workflow_job'], lacks: ['workflow_run'] },
  check_run: { has: ['action', 'check_run'] },
  check_suite: { has: ['action', 'check_suite'] },
  release: { has: ['action', 'release'] },
  registry_package: { has: ['action', 'registry_package'] },
  package: { has: ['action', 'package'] },
  create: { has: ['ref', 'ref_type', 'master_branch'] },
  status: { has: ['sha', 'state', 'commit', 'context'] },
  deployment: { has: ['deployment'], lacks: ['deployment_status'] },
  deployment_status: { has: ['deployment', 'deployment_status'] },
  pull_request: { has: ['action', 'number', 'pull_request'] },
};

export function fitsEvent(body: JsonObject, event: string): boolean {
  const shape = Object.hasOwn(shapes, event) ? shapes[event] : undefined;
  if (!shape) return true;
  const { has, lacks = [] } = shape;
  return has.every((key) => Object.hasOwn(body, key)) && !lacks.some((key) => Object.hasOwn(body, key));
}
