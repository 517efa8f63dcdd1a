// Runs, but never says that it is ready.

import { cheaper } from '../products.mjs';

export const release = {
  version: 'v2.3-never-healthy',
  greeting: 'Warming up the ovens.',
  products: cheaper,
  health: () => 'starting',
};
