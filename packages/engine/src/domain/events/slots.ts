// Slots, what runs in them and how healthy it is; where users are routed, and what is known of that.

import { count, flag, listOf, oneOf, optional, orNull, record, type Shape, text } from './shape.ts';
import { inSlot, nodes, nothing, role, routing, sides, slot } from './words.ts';

const versionIn = { slot, version: orNull(text) } as const satisfies Shape;
const open = { slot, open: optional(count) } as const satisfies Shape;

/** Numbers of instances: of what was asked for, and of what there was. */
const scaled = { slot, instances: count, had: count } as const satisfies Shape;

export const slotEvents = {
  'slot-claimed': { slot, displaced: orNull(text) },
  'slot-given-back': versionIn,
  'failed-side-kept': { slot, keepUntil: count, afterwards: oneOf('restore', 'stop') },
  'side-stopped': inSlot,
  'side-restored': { slot, version: text },
  'side-upgraded': { slot, version: text },
  'side-restore': versionIn,
  'side-keep': versionIn,
  'side-standby': versionIn,
  'restore-failed': inSlot,
  draining: open,
  'drain-limit': open,
  'started-by-hand': inSlot,
  'start-failed': inSlot,
  'stopped-by-hand': inSlot,
  'scale-asked': scaled,
  'scale-step': { ...scaled, admitted: count },
  scaled,
  'scale-failed': scaled,
  'orphans-cleared': { orphans: listOf(record<{ readonly kind: string; readonly what: string }>()) },
  dismantled: nothing,
  'roles-moving': { slot: orNull(slot), version: orNull(text) },
  'roles-handed-over': { slot: orNull(slot), version: orNull(text) },
  'roles-stopped': { roles: listOf(text) },
} as const satisfies Readonly<Record<string, Shape>>;

const restarts = { slot, role, restarts: count } as const satisfies Shape;
const ofRole = { slot, processRole: text, version: text } as const satisfies Shape;
const guarded = { slot, version: text, did: oneOf('rollback', 'restart', 'nothing') } as const satisfies Shape;

export const healthEvents = {
  'health-changed': { slot, role, version: orNull(text) },
  crashed: { slot, role, version: orNull(text), lastLog: listOf(text) },
  restarted: restarts,
  'restart-failed': restarts,
  recovered: inSlot,
  'role-crashed': { ...ofRole, lastLog: optional(listOf(text)) },
  'role-restarted': { ...ofRole, restarts: optional(count) },
  'role-restart-failed': { ...ofRole, restarts: optional(count) },
  'role-paged': ofRole,
  'role-recovered': ofRole,
  'smoke-changed': { slot, role, version: orNull(text), passed: count, of: count },
  'readiness-changed': { before: text, worse: flag },
  'drill-asked': nothing,
  'drill-ended': { slot: optional(slot), version: optional(text), ms: optional(count), startMs: optional(count) },
  'guard-acted': guarded,
  'guard-paged': guarded,
  'guard-exhausted': guarded,
  'guard-ended': { slot, version: orNull(text) },
} as const satisfies Readonly<Record<string, Shape>>;

const settled = { routing: optional(routing), drift: optional(text) } as const satisfies Shape;

/** A node for which the controller did not wait. */
interface SilentNode {
  readonly node: string;
  readonly problem: string;
}

export const routingEvents = {
  'routing-intended': { routing, fence: optional(count), before: optional(routing) },
  'routing-applied': { routing, silent: optional(listOf(record<SilentNode>())) },
  'routing-adopted': settled,
  'routing-restored': settled,
  'balancer-restarted': { nodes },
  /** `before`: the drift that this one takes the place of. */
  'drift-found': { drift: text, before: optional(text), intent: routing, observed: nodes },
  'drift-resolved': { drift: optional(text) },
  adopted: inSlot,
  'state-learnt': { observed: routing, intent: routing, sides },
  'state-not-learnt': nothing,
  'state-relearn-asked': nothing,
  'state-rebuild-asked': nothing,
  'clock-jumped': nothing,
  'machine-suspended': nothing,
  'audit-broken': { row: count, problem: text },
  'state-archived': {
    first: count,
    last: count,
    lastHash: text,
    previousHash: text,
    file: text,
    bytes: count,
    sha256: text,
    retained: count,
    retainedDigest: text,
  },
} as const satisfies Readonly<Record<string, Shape>>;
