// Deliveries of code hosts: each is stored once, before it is answered, and processed until it is settled.

/** A delivery whose sender was authenticated. */
export interface NewDelivery {
  /** The hook it came to: `github`, `generic`, … */
  readonly hook: string;
  /** The sender's own id of this delivery. Not every sender signs it. */
  readonly delivery: string;
  /** Identifies the signed content: the same content under another id is the same event. */
  readonly content: string;
  /** What the sender calls this kind of event, such as `workflow_run`; '' where it does not say. */
  readonly kind: string;
  readonly body: Buffer;
}

/** What is known of a stored delivery. */
export interface DeliveryRecord extends Omit<NewDelivery, 'body'> {
  readonly id: number;
  readonly receivedAt: number;
  /** Of the body as it was received. */
  readonly bytes: number;
  readonly state: DeliveryState;
  /** How often processing failed to settle it. */
  readonly attempts: number;
  /** When it is processed next, while it waits. */
  readonly nextAt: number;
  readonly settledAt: number | undefined;
  /** Its result, or why it still waits. */
  readonly sentence: string | undefined;
  /** The answer given to `settle`: a repeated delivery gets it too. */
  readonly answer: unknown;
}

export interface Delivered extends DeliveryRecord {
  readonly body: Buffer;
}

/** `parked`: it cannot succeed as it is; a person may ask for another try. */
export type DeliveryState = 'waiting' | 'done' | 'ignored' | 'parked';

export type Taken =
  | { readonly kind: 'taken' | 'known'; readonly delivery: DeliveryRecord }
  /** The inbox is full: the sender must try again. */
  | { readonly kind: 'full' };

export interface Settlement {
  readonly state: Exclude<DeliveryState, 'waiting'>;
  readonly sentence: string;
  readonly answer?: unknown;
}

/**
 * How a delivery ends: a settlement, or an act whose changes and settlement are one commit. A killed process has done
 * both or neither, so nothing is done twice.
 */
export type Ending = Settlement | (() => Settlement);

/** The process that works on the inbox holds this lease. */
export const inboxLease = 'inbox';

export interface Inbox {
  /** Resolves when the delivery is on the disk; deliveries that arrive together share one commit. */
  take(delivery: NewDelivery): Promise<Taken>;
  /** Oldest first, with bodies: at most `limit`, and no more than a few megabytes at once. */
  due(limit: number): readonly Delivered[];
  /** Settles it, once. A done or parked one leaves an audit row. @throws what the act threw; then nothing is stored */
  settle(id: number, ending: Ending): void;
  /** Settles many unmatched ones at once. Does not wait for the disk: after a power loss they are processed again. */
  ignore(ignored: readonly { readonly id: number; readonly sentence: string }[]): void;
  /** Processes it again after `afterMs`; `sentence` says what failed. */
  retry(id: number, afterMs: number, sentence: string): void;
  /** Newest first. */
  list(filter: { readonly state?: DeliveryState | undefined; readonly limit: number }): readonly DeliveryRecord[];
  show(id: number): DeliveryRecord | undefined;
  /** Undefined after its retention. The bodies of waiting ones are always there. */
  body(id: number): Buffer | undefined;
  waiting(): number;
  /** The process that works on the inbox now; undefined when none does. */
  workedOnBy(): string | undefined;
}
