// Right, but slow: each answer except the health check takes most of a second.

import { cheaper } from '../products.mjs';

export const release = {
  version: 'v2.5-slow',
  greeting: 'Every loaf is now kneaded by hand.',
  products: cheaper,
  beforeAnswer: () => ({ delayMs: 800 }),
};
