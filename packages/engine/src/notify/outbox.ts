// What still has to be told, per transport: kept until the other side took it, latest state first, bounded in number.

/** One message: `replace` has a life and is updated in place, `append` is said once. */
export interface OutboxMessage {
  readonly key: string;
  readonly transport: string;
  readonly kind: string;
  /** What to show, as facts; the transport renders it. */
  readonly payload: unknown;
  /** Grows with every change of the payload; a version that was overtaken is never sent. */
  readonly version: number;
  /** State changes jump the queue before progress. */
  readonly urgent: boolean;
  readonly final: boolean;
  readonly attempts: number;
  readonly createdAt: number;
  /** Where the transport put the last version, e.g. channel and ts. */
  readonly reference: unknown;
}

export interface Outbox {
  /** Same key again: the newer payload replaces the one that waits. */
  put(message: {
    readonly key: string;
    readonly transport: string;
    readonly kind: string;
    readonly payload: unknown;
    readonly urgent?: boolean;
    readonly final?: boolean;
  }): void;
  /** What it shows has changed, though its payload has not. Nothing for a key that neither waits nor stands anywhere. */
  again(key: string, options?: { readonly urgent?: boolean }): void;
  /** Messages that are due, urgent first, then oldest. */
  due(transport: string, limit: number): readonly OutboxMessage[];
  /** The version went out; `reference` is kept for later updates. */
  sent(key: string, version: number, reference: unknown): void;
  /** Try again after `afterMs`; given up after the transport's own limit with `drop`. */
  retry(key: string, afterMs: number, problem: string): void;
  drop(key: string, version: number, problem: string): void;
  reference(key: string): unknown;
  /** Whether a message of this key was ever put, whatever became of it. */
  has(key: string): boolean;
  /** Remembers where something is that is no message itself, e.g. the channel behind a name. */
  remember(key: string, transport: string, reference: unknown): void;
  /** Messages that stand somewhere and were not final when they were last put; newest first. */
  unfinished(transport: string, limit: number): readonly OutboxMessage[];
  /** Messages that wait because of a problem; newest first. */
  stuck(transport: string, limit: number): readonly (OutboxMessage & { readonly problem: string | null })[];
  /** Forgets where a message is (it was deleted, or its channel archived), so that it is posted anew. */
  forget(key: string): void;
  waiting(transport: string): number;
}
