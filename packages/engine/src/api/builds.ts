// The verbs about builds, and their audit data: what CI announced, what the rules of the configuration did with it, and
// the result on each target.

import type { Build, StoredBuild } from '../domain/build.ts';
import type { TargetReaction } from '../domain/events/builds.ts';
import type { Ending } from '../domain/inbox.ts';

export interface Builds {
  /**
   * How a delivery of a code host, or a build of `generic`, ends: an act, in which builds, their audit rows and the
   * deployments that rules ask for are one commit with the settlement. A repeated act announces and deploys nothing twice.
   */
  take(delivery: ParsedDelivery): Promise<Ending>;
  /** What every rule sees in a payload, and what its delivery would do now. Changes nothing. */
  explain(given: GivenPayload): Explanation;
  find(id: number): StoredBuild | undefined;
  /** The latest good one of a version. */
  ofVersion(service: string, version: string): StoredBuild | undefined;
  /** Newest first. */
  latest(service: string, limit: number): readonly StoredBuild[];
}

export interface ParsedDelivery {
  readonly hook: string;
  /** As the sender names the event; '' or left out: the body names it. */
  readonly kind?: string;
  /** The parsed body, see `readJsonObject`. */
  readonly document: unknown;
}

export interface GivenPayload {
  /** Undefined: the first hook that knows the payload. */
  readonly hook?: string | undefined;
  readonly kind?: string;
  readonly body: Buffer;
}

export interface Explanation {
  /** Undefined where no hook knows the payload. */
  readonly hook: string | undefined;
  /** `workflow_run`, `pipeline`, …; undefined where no rule can read it. */
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
  /** What would be reported: `announced before as build 4`, … */
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
