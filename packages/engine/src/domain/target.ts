// A target, its two slots, and what each of them is now.

export interface TargetKey {
  readonly service: string;
  readonly target: string;
}

export type SlotName = 'blue' | 'green';

export const otherSlot = (slot: SlotName): SlotName => (slot === 'blue' ? 'green' : 'blue');

export type Role = 'active' | 'preview' | 'standby' | 'idle';

/** A slot by its names only: the record of its start says where its instance answers. */
export interface SlotKey extends TargetKey {
  readonly slot: SlotName;
}

/** Where one instance of a slot is reached. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A target as a caller names it: what is left out is found where only one fits. */
export interface TargetRef {
  readonly service?: string | undefined;
  readonly target?: string | undefined;
}
