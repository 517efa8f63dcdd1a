// What a deployment's card says of the schema.

import type { BackfillProgress } from '../../migrator/phases/context.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import type { Core, Target } from '../core.ts';
import { schemaView } from './schema-view.ts';

export interface DeploymentSchema {
  /** Ids that it expands, or has expanded. */
  readonly expand: readonly string[];
  /** Hazards that the author of its migrations took on, with the reasons. */
  readonly accepted: readonly string[];
  /** What the evidence says of the releases that must live with it. */
  readonly verdict: string | undefined;
  /** What is filled behind it just now. */
  readonly filling: BackfillProgress | undefined;
}

/** Undefined where there is nothing to say. */
export function deploymentSchema(
  core: Core,
  target: Target,
  { plan, version }: DeploymentRow,
  isActive: boolean,
): DeploymentSchema | undefined {
  const { schema: expand = [], accepted = [], verdict } = plan ?? {};
  const view = isActive ? schemaView(core, target) : undefined;
  const filling = view?.version === version ? view.filling : undefined;
  return expand.length + accepted.length === 0 && !filling ? undefined : { expand, accepted, verdict, filling };
}
