// A capability of an environment: it runs images.

import type { SlotKey } from '../domain/target.ts';

/** A release may be an image, which `bluegreen.image.json` in its folder names. */
export interface Images {
  /**
   * The image is on every host that the target runs on when this resolves. Starts nothing. @throws BlueGreenError
   * `artifact-refused`, `artifact-unavailable`, `release-invalid`, `resources-short`, `environment-unreachable`
   */
  ensure(slot: SlotKey, release: { readonly version: string; readonly folder: string }): Promise<void>;
}
