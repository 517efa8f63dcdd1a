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

/** What is known of a delivery that was kept. */
export interface DeliveryRecord extends Omit<NewDelivery, 'body'> {
  readonly id: number;
  readonly receivedAt: number;
  /** Of its body as it came. */
  readonly bytes: number;
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

export interface Delivered extends DeliveryRecord {
  readonly body: Buffer;
}

/** `parked`: it cannot succeed as it is; a person may have it worked on again. */
export type DeliveryState = 'waiting' | 'done' | 'ignored' | 'parked';

export type Taken =
  | { readonly kind: 'taken' | 'known'; readonly delivery: DeliveryRecord }
  /** As many wait as may: the sender must come again. */
  | { readonly kind: 'full' };

export interface Settlement {
  readonly state: Exclude<DeliveryState, 'waiting'>;
  readonly sentence: string;
  readonly answer?: unknown;
}

/**
 * How a delivery ends: a settlement, or an act whose changes and settlement are to be one commit. A process that is
 * killed has done both or neither, so that nothing is done twice.
 */
export type Ending = Settlement | (() => Settlement);

/** Held by the process that works on the inbox. */
export const inboxLease = 'inbox';

export interface Inbox {
  /** Resolves when the delivery is on the disk; those that arrive together share one commit. */
  take(delivery: NewDelivery): Promise<Taken>;
  /** Oldest first, with bodies: at most `limit`, and no more than a few megabytes at once. */
  due(limit: number): readonly Delivered[];
  /** Something became of it; once. A done or parked one leaves an audit row. @throws what the act threw; nothing is kept then */
  settle(id: number, ending: Ending): void;
  /** Many that concern nobody, at once. Waits for no disk: after a loss of power they are looked at again. */
  ignore(ignored: readonly { readonly id: number; readonly sentence: string }[]): void;
  /** Worked on again after `afterMs`; `sentence` says what stood in the way. */
  retry(id: number, afterMs: number, sentence: string): void;
  /** Newest first. */
  list(filter: { readonly state?: DeliveryState | undefined; readonly limit: number }): readonly DeliveryRecord[];
  show(id: number): DeliveryRecord | undefined;
  /** Undefined when it is not kept any more. Bodies of those that wait always are. */
  body(id: number): Buffer | undefined;
  waiting(): number;
  /** The process that works on it now; undefined when none does. */
  workedOnBy(): string | undefined;
}
