// Messages that wait to be sent, per transport: stored until the receiver accepts them, latest state first, bounded in number.

/** One message. A later `put` under the same key replaces its payload. */
export interface OutboxMessage {
  readonly key: string;
  readonly transport: string;
  readonly kind: string;
  /** What to show, as facts; the transport renders it. */
  readonly payload: unknown;
  /** Grows with every change of the payload; a superseded version is never sent. */
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
  /** The same key again: the newer payload replaces the waiting one. */
  put(message: {
    readonly key: string;
    readonly transport: string;
    readonly kind: string;
    readonly payload: unknown;
    readonly urgent?: boolean;
    readonly final?: boolean;
  }): void;
  /** What the message shows has changed, though its payload has not. No effect on a key that neither waits nor was sent. */
  again(key: string, options?: { readonly urgent?: boolean }): void;
  /** Messages that are due, urgent first, then oldest. */
  due(transport: string, limit: number): readonly OutboxMessage[];
  /** The version was sent; `reference` is stored for later updates. */
  sent(key: string, version: number, reference: unknown): void;
  /** Try again after `afterMs`. The transport gives up after its own limit, with `drop`. */
  retry(key: string, afterMs: number, problem: string): void;
  drop(key: string, version: number, problem: string): void;
  reference(key: string): unknown;
  /** Whether a message of this key was ever put, sent or not. */
  has(key: string): boolean;
  /** Stores a reference that belongs to no message, e.g. the channel id of a name. */
  remember(key: string, transport: string, reference: unknown): void;
  /** Messages that were sent and were not final when they were last put; newest first. */
  unfinished(transport: string, limit: number): readonly OutboxMessage[];
  /** Messages that wait because of a problem; newest first. */
  stuck(transport: string, limit: number): readonly (OutboxMessage & { readonly problem: string | null })[];
  /** Forgets where a message is (it was deleted, or its channel archived), so that it is posted again. */
  forget(key: string): void;
  waiting(transport: string): number;
}
