// Deliveries of code hosts: kept before they are answered, each once, and worked on until something became of them.

/** A delivery whose sender was proved. */
export interface NewDelivery {
  /** The hook it came to: `github`, `generic`, … */
  readonly hook: string;
  /** The sender's own id of this delivery. Not every sender signs it. */
  readonly delivery: string;
  /** Tells apart what was signed: the same words again are the same event under whatever id they come. */
  readonly content: string;
  /** What the sender calls this kind of event, such as `workflow_run`; '' where it does not say. */
  readonly kind: string;
  readonly body: Buffer;
}

export interface Delivered extends NewDelivery {
  readonly id: number;
  readonly receivedAt: number;
  readonly state: DeliveryState;
  /** How often it was worked on without an end. */
  readonly attempts: number;
  /** When it is worked on next, while it waits. */
  readonly nextAt: number;
  readonly settledAt: number | undefined;
  /** What became of it, or why it still waits. */
  readonly sentence: string | undefined;
  /** As `settle` was given it: what a repeated delivery is answered. */
  readonly answer: unknown;
}

/** `parked`: it cannot succeed as it is; a person may have it worked on again. */
export type DeliveryState = 'waiting' | 'done' | 'ignored' | 'parked';

export type Taken =
  | { readonly kind: 'taken' | 'known'; readonly delivery: Delivered }
  /** As many wait as may: the sender must come again. */
  | { readonly kind: 'full' };

export interface Settlement {
  readonly state: Exclude<DeliveryState, 'waiting'>;
  readonly sentence: string;
  readonly answer?: unknown;
}

export interface Inbox {
  /** Resolves when the delivery is on the disk; those that arrive together share one commit. */
  take(delivery: NewDelivery): Promise<Taken>;
  /** Oldest first. */
  due(limit: number): readonly Delivered[];
  /** Something became of it; once. A done or parked one leaves an audit row. */
  settle(id: number, settlement: Settlement): void;
  /** Worked on again after `afterMs`; `sentence` says what stood in the way. */
  retry(id: number, afterMs: number, sentence: string): void;
  /** Newest first, bodies included. */
  list(filter: { readonly state?: DeliveryState | undefined; readonly limit: number }): readonly Delivered[];
  show(id: number): Delivered | undefined;
  waiting(): number;
}
