// What CI announced, and the deliveries that it came by.

import type { ArtifactSource } from '../artifact.ts';
import type { Author, Reaction } from '../build.ts';
import type { RefusalCode } from '../refusal.ts';
import { count, flag, listOf, optional, type Read, record, type Shape, text, type Written } from './shape.ts';

/** Why a build that a rule deploys is announced instead. */
export type ReactionCode = RefusalCode | 'older' | 'forked';

/** What became of a build on one target. */
export interface TargetReaction {
  readonly target: string;
  /** As the rule says. */
  readonly reaction: Reaction;
  /**
   * `deploying`: a deployment was asked for. `waiting`: one will be, when the target is free. `announced`: people decide,
   * because of the rule or because the deployment was refused. `ignored`: nothing.
   */
  readonly became: 'deploying' | 'waiting' | 'announced' | 'ignored';
  /** Of an older commit than the one that is live there. */
  readonly older: boolean;
  readonly deployment: string | undefined;
  /** Why a `deploy` was refused: a refusal's code, `older` or `forked`. */
  readonly code: ReactionCode | undefined;
  readonly sentence: string;
}

/** The location of an artifact, for people; never with a password. */
export interface ArtifactPlace {
  readonly kind: ArtifactSource['kind'];
  readonly place: string;
}

const facts = {
  build: count,
  version: text,
  repository: optional(text),
  branch: optional(text),
  commit: optional(text),
  /** When it was made, in milliseconds since 1970, where the host says it. */
  committedAt: optional(count),
  subject: optional(text),
  url: optional(text),
  authors: listOf(record<Author>()),
} as const satisfies Shape;

const artifact = optional(record<ArtifactPlace>());

const announced = {
  ...facts,
  tag: optional(text),
  artifact,
  reactions: listOf(record<TargetReaction>()),
  /** Of an older commit than the live one, on a target that the build is for. */
  older: flag,
  /** Of each target where four eyes leave too few approvers. */
  remarks: optional(listOf(text)),
  pullRequest: optional(count),
} as const satisfies Shape;

/** Why a build that waited for its target is not deployed. */
export type NotDeployedCode = RefusalCode | 'superseded' | 'decided-meanwhile' | 'older' | 'cancelled';

export type BuildFacts = Written<typeof facts>;
export type BuildAnnounced = Written<typeof announced>;

const delivery = { id: count, hook: text, kind: text, delivery: text } as const satisfies Shape;

/** `service` is set, and `target` where it was not deployed. */
export const buildEvents = {
  // One per version of a service.
  'build-announced': announced,
  'build-artifact': { ...facts, artifact },
  // A version that was announced before came again with other content; `build` is the earlier one, which stays.
  'build-conflict': facts,
  // Each once per break of (service, repository, branch).
  'build-failed': facts,
  'build-mended': facts,
  'build-hands': facts,
  // The target did not become free in time, or something newer came.
  'build-not-deployed': { build: count, version: text, code: text, supersededBy: optional(text) },
  'delivery-done': delivery,
  'delivery-ignored': delivery,
  'delivery-parked': delivery,
  'delivery-replayed': delivery,
} as const satisfies Readonly<Record<string, Shape>>;

/** Of a row of any version; undefined where it does not say which build it is about. */
export function buildFactsIn({ detail }: { readonly detail: Read<typeof facts> }): BuildFacts | undefined {
  const { build, version, authors = [] } = detail;
  return build === undefined || version === undefined ? undefined : { ...detail, build, version, authors };
}

/** Likewise. */
export function buildAnnouncedIn(event: { readonly detail: Read<typeof announced> }): BuildAnnounced | undefined {
  const known = buildFactsIn(event);
  const { reactions = [], older = false } = event.detail;
  return known && { ...event.detail, ...known, reactions, older };
}
