// What the model knows of a target: little more than what people would write on a board.

import type { SlotName } from '../../packages/engine/src/domain/target.ts';
import { type Plan, type Rules, rulesOf } from './configuration.ts';

export type Mode = 'deploy' | 'redeploy' | 'rollback' | 'switch';

export interface Approval {
  readonly needed: number;
  readonly askedAt: number;
  deadlineAt: number;
  readonly votes: Set<string>;
  status: 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled';
}

export interface Deployment {
  readonly id: string;
  readonly version: string;
  readonly mode: Mode;
  readonly slot: SlotName;
  readonly from: Side | undefined;
  readonly by: string;
  readonly hold: boolean;
  /** Undefined until it is planned. */
  steps: readonly string[] | undefined;
  /** The step at which it is; equal to the number of steps when all are done. */
  position: number;
  begun: boolean;
  unwinding: boolean;
  promoted: boolean;
  givenUp: boolean;
  /** An approver skipped the rest of the canary. */
  full: boolean;
  /** Its release was marked bad before it began. */
  readonly wasBad: boolean;
  pausedAt: number | undefined;
  approval: Approval | undefined;
  /** Names of freezes that were overridden, each with the day. */
  readonly overridden: Set<string>;
  /** A fault, a death or a person may have changed its end. */
  troubled: boolean;
  outcome: string | undefined;
  finishedAt: number | undefined;
}

export interface Side {
  readonly slot: SlotName;
  readonly version: string;
}

export interface Request {
  readonly id: string;
  readonly version: string;
  readonly by: string;
  readonly redeploy: boolean;
  readonly requestedAt: number;
  readonly dueAt: number | undefined;
  first: boolean;
  status: 'scheduled' | 'queued' | 'deployed' | 'cancelled' | 'refused' | 'missed';
}

export interface Model {
  readonly plan: Plan;
  readonly rules: Rules;
  active: Side | undefined;
  live: Deployment | undefined;
  readonly ended: Deployment[];
  readonly onceLive: Set<string>;
  lock: { owner: string; until: number } | undefined;
  suspended: boolean;
  readonly bad: Set<string>;
  readonly registered: Set<string>;
  readonly requests: Map<string, Request>;
  /** Somebody changed the balancer past the engine, and nobody has decided about it yet. */
  drifted: boolean;
  /** Faults that are present now. */
  readonly faults: Set<string>;
  seq: number;
  /** Counts what a run covers: answers and ends. */
  readonly tally: (what: string) => void;
}

export const newModel = (plan: Plan, tally: (what: string) => void): Model => ({
  plan,
  rules: rulesOf[plan],
  active: undefined,
  live: undefined,
  ended: [],
  onceLive: new Set(),
  lock: undefined,
  suspended: false,
  bad: new Set(),
  registered: new Set(),
  requests: new Map(),
  drifted: false,
  faults: new Set(),
  seq: 0,
  tally,
});

export const stepOf = ({ steps, position }: Deployment): string | undefined => steps?.[position];

export const isOpen = ({ status }: Request): boolean => status === 'queued' || status === 'scheduled';

export const isLocked = ({ lock }: Model, at: number): boolean => lock !== undefined && at < lock.until;
