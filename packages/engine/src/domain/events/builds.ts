// What CI announced, and the deliveries that it came by.

import type { Author, Reaction } from '../build.ts';
import { count, flag, listOf, optional, record, type Shape, text } from './shape.ts';

interface ArtifactSaid {
  readonly kind: string;
  readonly place: string;
}

interface ReactionSaid {
  readonly target: string;
  readonly reaction: Reaction;
  readonly became: 'deploying' | 'waiting' | 'announced' | 'ignored';
  readonly older: boolean;
  readonly deployment: string | undefined;
  readonly code: string | undefined;
  readonly sentence: string;
}

const facts = {
  build: count,
  version: text,
  repository: optional(text),
  branch: optional(text),
  commit: optional(text),
  subject: optional(text),
  url: optional(text),
  authors: listOf(record<Author>()),
} as const satisfies Shape;

const artifact = optional(record<ArtifactSaid>());
const delivery = { id: count, hook: text, kind: text, delivery: optional(text) } as const satisfies Shape;

export const buildEvents = {
  'build-announced': {
    ...facts,
    tag: optional(text),
    artifact,
    reactions: listOf(record<ReactionSaid>()),
    older: flag,
    remarks: optional(listOf(text)),
    pullRequest: optional(count),
  },
  'build-artifact': { ...facts, artifact },
  /** `build` is the earlier one, which stays. */
  'build-conflict': facts,
  'build-failed': facts,
  'build-mended': facts,
  'build-hands': facts,
  'build-not-deployed': { build: count, version: text, code: text },
  'delivery-done': delivery,
  'delivery-ignored': delivery,
  'delivery-parked': delivery,
  'delivery-replayed': delivery,
} as const satisfies Readonly<Record<string, Shape>>;
