// The verbs about a target's own database. Unlike the others they wait for it: the calling process reads and changes
// the database itself. Only a contract is run by the controller, once people have approved it.

import type { Actor } from '../domain/actor.ts';
import type { Result } from '../domain/refusal.ts';
import type { TargetRef } from '../domain/target.ts';
import type { DatabaseActivity } from '../migrator/activity.ts';
import type { SchemaAct, SchemaPlan, TryRequest } from '../migrator/migrator.ts';
import type { MigrationEvent } from '../migrator/phases/context.ts';
import type { SchemaStatus } from '../migrator/phases/status.ts';
import type { TryReport } from '../migrator/try-copy.ts';
import type { ContractView } from '../orchestrator/schema/contract-view.ts';
import type { HeldBackfill } from '../orchestrator/schema/hold-backfill.ts';
import type { SchemaView } from '../orchestrator/schema/schema-view.ts';
import type { Need } from '../orchestrator/schema/who-needs.ts';

/** Without a version, the release that users have. */
export type ReleaseRef = TargetRef & { readonly version?: string | undefined };

export interface MigrationsView extends SchemaStatus {
  readonly name: string;
  readonly version: string;
  readonly kind: string;
  readonly contract: ContractView | undefined;
  readonly held: HeldBackfill | undefined;
}

export interface ActivityView extends DatabaseActivity {
  readonly name: string;
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface SchemaPlanView extends SchemaPlan {
  readonly name: string;
  readonly version: string;
  readonly lines: readonly string[];
  /** What the verdict is made of. */
  readonly evidence: readonly string[];
  /** Why its deployment would be refused. */
  readonly refusal: string | undefined;
  /** Who still needs what its contracts take away. */
  readonly needs: readonly Need[];
  /** What its contracts would make impossible; undefined when none is ready. */
  readonly consequence: string | undefined;
}

export interface MigrationsRun extends ReleaseRef {
  readonly act: Exclude<SchemaAct, { kind: 'contract' }>;
  readonly actor: Actor;
  readonly signal: AbortSignal;
  readonly say: (event: MigrationEvent) => void;
}

export interface MigrationsTry extends ReleaseRef, TryRequest {
  readonly actor: Actor;
  readonly signal: AbortSignal;
  readonly say: (event: MigrationEvent) => void;
}

/** What was pending, as it ran on a copy. */
export interface TryView extends TryReport {
  readonly name: string;
  readonly version: string;
  /** Its address without user, password and options. */
  readonly copy: string;
}

export interface ContractRequest extends TargetRef {
  readonly actor: Actor;
  readonly reason?: string | undefined;
}

/** A person holds the backfill of a target, or lets it go on. */
export interface BackfillHold extends TargetRef {
  readonly actor: Actor;
  readonly reason?: string | undefined;
}

export interface Migrations {
  plan(ref: ReleaseRef): Promise<Result<SchemaPlanView>>;
  status(ref: ReleaseRef): Promise<Result<MigrationsView>>;
  /** @returns the ids that it concerned */
  run(request: MigrationsRun): Promise<Result<readonly string[]>>;
  /** Runs what is pending on a copy with data; refused for the live database itself. */
  tryOn(request: MigrationsTry): Promise<Result<TryView>>;
  /** What the database is doing just now. */
  activity(ref: TargetRef): Promise<Result<ActivityView>>;
  /** The backfill stops after the batch under way, in every process, until a person lets it go on. */
  pause(request: BackfillHold): Result<SchemaView>;
  resume(request: BackfillHold): Result<SchemaView>;
  /** Asks for a separate approval; refused while a release that may get users needs the old shape. */
  contract(request: ContractRequest): Promise<Result<ContractView>>;
  approveContract(id: string, actor: Actor): Result<ContractView>;
  rejectContract(id: string, actor: Actor, reason: string): Result<ContractView>;
  /** The contract with this id, in any state. */
  contractNamed(id: string): ContractView | undefined;
}
