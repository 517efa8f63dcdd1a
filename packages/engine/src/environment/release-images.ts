// A capability of an environment: it runs images.

import type { SlotKey } from '../domain/target.ts';
import type { Image } from '../lib/image-file.ts';

/** A release may be an image, which `bluegreen.image.json` in its folder names. */
export interface Images {
  /**
   * The image is on every host that the target runs on when this resolves. Starts nothing. @throws BlueGreenError
   * `artifact-refused`, `artifact-unavailable`, `release-invalid`, `resources-short`, `environment-unreachable`
   */
  ensure(slot: SlotKey, release: { readonly version: string; readonly folder: string }): Promise<void>;
  /**
   * Removes images that `ensure` has brought to a host of the target: never one that was there before, that a container
   * was made of, ours or not, or that has another name too. A host that does not answer is left for the next time.
   */
  prune(pruning: ImagePruning): Promise<readonly ReleaseImage[]>;
}

export interface ImagePruning {
  readonly service: string;
  readonly target: string;
  readonly atMost: number;
  /** Asked right before each removal. */
  readonly isKept: (image: Pick<ReleaseImage, 'version' | 'digest'>) => boolean;
  /** Called once for each that is gone, in the same process or, after a kill, in the next. */
  readonly removed: (image: ReleaseImage) => void;
  readonly signal: AbortSignal | undefined;
}

export interface ReleaseImage extends Pick<Image, 'name' | 'digest'> {
  readonly version: string;
  /** The name of a host. */
  readonly host: string;
}
