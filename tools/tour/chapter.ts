// What a chapter of the tour is. Each is a separate file here, and chapters.ts puts them in order.

import type { Scene } from './scene.ts';

export interface Chapter {
  readonly title: string;
  /** `core` is played on every load balancer, `rest` where the whole tour is. A chapter finds one release live and leaves one. */
  readonly part: 'core' | 'rest';
  /** Releases that send their users errors: expected, and counted separately. */
  readonly badVersions: readonly string[];
  /** What must hold it says to `scene.checks`. @throws where it cannot go on. */
  readonly play: (scene: Scene) => Promise<void>;
}
