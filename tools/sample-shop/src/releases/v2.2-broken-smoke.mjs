// Healthy, but no user can buy anything: only a smoke test sees it.

import { cheaper } from '../products.mjs';

export const release = {
  version: 'v2.2-broken-smoke',
  greeting: 'A new checkout!',
  products: cheaper,
  checkout() {
    throw new Error('price list not found');
  },
};
