// The verbs about builds, and what the audit log says of them: what CI announced, what the rules of the configuration
// made of it, and what came of it on each target.

import type { ArtifactSource } from '../domain/artifact.ts';
import type { Build, Reaction, StoredBuild } from '../domain/build.ts';
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

/** What became of a build on one target. */
export interface TargetReaction {
  readonly target: string;
  /** As the rule says. */
  readonly reaction: Reaction;
  /**
   * `deploying`: a deployment was asked for. `waiting`: one will be, when the target is free. `announced`: people decide,
   * be it by the rule or since the deployment was refused. `ignored`: nothing.
   */
  readonly became: 'deploying' | 'waiting' | 'announced' | 'ignored';
  /** Of an older commit than the one that is live there. */
  readonly older: boolean;
  readonly deployment: string | undefined;
  /** Why a `deploy` was refused: a refusal's code, `older` or `forked`. */
  readonly code: string | undefined;
  readonly sentence: string;
}

/** `build-announced`: `service` is set. One per version of a service. */
export interface BuildAnnounced extends BuildFacts {
  readonly tag: string | undefined;
  readonly artifact: ArtifactPlace | undefined;
  readonly reactions: readonly TargetReaction[];
  /** Of an older commit than the live one, on a target that the build is for. */
  readonly older: boolean;
  /** Of each target where four eyes leave too few approvers; missing in rows of older versions. */
  readonly remarks?: readonly string[];
  readonly pullRequest: number | undefined;
}

/** `build-failed` and `build-mended`: `service` is set. Each once per break of (service, repository, branch). */
export interface BuildFacts {
  readonly build: number;
  readonly version: string;
  readonly repository: string | undefined;
  readonly branch: string | undefined;
  readonly commit: string | undefined;
  readonly subject: string | undefined;
  readonly url: string | undefined;
  readonly authors: Build['authors'];
}

/** `build-conflict`: a version that was announced before came again with other content. Nothing of the earlier is changed. */
export interface BuildConflict extends Omit<BuildFacts, 'build'> {
  /** The one that stays. */
  readonly build: number;
}

/** `build-not-deployed`: `service` and `target` are set. The target did not become free in time, or something newer came. */
export interface BuildNotDeployed {
  readonly build: number;
  readonly version: string;
  readonly code: string;
}

/** Where an artifact lies, for people; never with a password. */
export interface ArtifactPlace {
  readonly kind: ArtifactSource['kind'];
  readonly place: string;
}
