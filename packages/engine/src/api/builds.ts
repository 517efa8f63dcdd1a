// The verbs about builds, and what the audit log says of them: what CI announced, what the rules of the configuration
// made of it, and what came of it on each target.

import type { Build, StoredBuild } from '../domain/build.ts';
import type { TargetReaction } from '../domain/events/builds.ts';
import type { Delivered, Ending } from '../domain/inbox.ts';

export interface Builds {
  /**
   * What becomes of a delivery of `github`, `gitlab`, `cdevents` or of a build of `generic`: as an act, in which builds,
   * their audit rows and the deployments that rules ask for are one commit with the settlement. One that is done twice all
   * the same announces and deploys nothing twice.
   */
  take(delivered: Pick<Delivered, 'hook' | 'kind' | 'body'>): Promise<Ending>;
  /** What every rule sees in a delivery, and what would come of it now. Changes nothing. */
  explain(given: GivenDelivery): Explanation;
  find(id: number): StoredBuild | undefined;
  /** The latest good one of a version. */
  ofVersion(service: string, version: string): StoredBuild | undefined;
  /** Newest first. */
  latest(service: string, limit: number): readonly StoredBuild[];
}

export interface GivenDelivery {
  readonly hook: string;
  /** As the sender calls this kind of event; '' or left out: told from the body. */
  readonly kind?: string;
  readonly body: Buffer;
}

export interface Explanation {
  /** What the delivery is taken for: `workflow_run`, `pipeline`, …; undefined where no rule can read it. */
  readonly event: string | undefined;
  /** Why the delivery as a whole cannot be read. */
  readonly problem: string | undefined;
  readonly rules: readonly RuleExplanation[];
}

export interface RuleExplanation {
  readonly service: string;
  /** `services.shop.builds[0]`. */
  readonly rule: string;
  /** In the order they are asked. */
  readonly conditions: readonly RuleCondition[];
  /** All conditions hold, and no earlier rule of the service took the delivery. */
  readonly takes: boolean;
  readonly build: Build | undefined;
  /** Why no build came out although all conditions hold. */
  readonly problem: string | undefined;
  /** What would be told: `announced before as build 4`, … */
  readonly sentence: string | undefined;
  readonly reactions: readonly TargetReaction[];
}

export interface RuleCondition {
  /** `event`, `repository`, `branch`, … */
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly holds: boolean;
}
