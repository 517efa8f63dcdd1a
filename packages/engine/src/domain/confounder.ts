// What else changed during a canary: a difference between the sides may come from it, and not from the release.

export interface Confounder {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: ConfounderKind;
  /** For people: `green was restarted`. */
  readonly sentence: string;
}

export const confounderKinds = ['restart', 'weights', 'configuration', 'schema', 'routing'] as const;
export type ConfounderKind = (typeof confounderKinds)[number];
