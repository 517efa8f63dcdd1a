// A deployment, from the request to its end, and what people decide.

import { count, flag, listOf, optional, orNull, type Shape, text } from './shape.ts';
import { evidence, nothing, outcome, slot, steps } from './words.ts';

export const deploymentEvents = {
  'deployment-requested': { version: text, slot, from: orNull(text), hold: flag, build: optional(count) },
  planned: {
    digest: text,
    planHash: text,
    steps,
    schema: listOf(text),
    evidence: optional(evidence),
    commit: optional(text),
    command: optional(listOf(text)),
  },
  'step-started': nothing,
  'step-done': nothing,
  'step-passed': nothing,
  'step-failed': nothing,
  'step-undone': nothing,
  'undo-started': nothing,
  'turned-back': nothing,
  'signal-taken': nothing,
  'deployment-finished': {
    outcome,
    // One that halted says its cause instead.
    version: optional(text),
    from: optional(orNull(text)),
    cause: optional(orNull(text)),
  },
} as const satisfies Readonly<Record<string, Shape>>;

export const decisionEvents = {
  'approval-asked': {
    planHash: text,
    deadlineAt: count,
    needed: count,
    tooFew: optional(text),
    rendered: optional(text),
  },
  'approval-reminder': nothing,
  'approval-extended': nothing,
  'glass-broken': { reason: text, needed: count },
  'approval-expired': nothing,
  // The names of the groups that it counts for, where groups are configured.
  approved: { approval: optional(text), groups: optional(listOf(text)) },
  'approval-counted': { approval: text, groups: listOf(text) },
  rejected: nothing,
  'promoted-on': nothing,
  paused: nothing,
  resumed: nothing,
  'author-good': nothing,
  'author-stopped': nothing,
  'abort-asked': nothing,
  'rollback-asked': nothing,
  locked: { until: count },
  unlocked: { owner: text },
  'lock-reminder': { owner: text },
  'staleness-reminder': { live: text, newest: text, builds: count, since: count },
  'automation-suspended': { reason: text },
  'automation-resumed': { suspendedBy: text, suspendedAt: count },
  refused: nothing,
  'strangers-refused': { minute: count, door: text, source: text, count },
} as const satisfies Readonly<Record<string, Shape>>;
