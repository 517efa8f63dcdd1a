// Works, and falls over after a minute (or after SHOP_CRASH_AFTER_MS).

import { cheaper } from '../products.mjs';

setTimeout(
  () => {
    console.error('fatal: the price cache does not fit into memory');
    process.exit(1);
  },
  Number(process.env.SHOP_CRASH_AFTER_MS ?? 60_000),
);

export const release = { version: 'v2.6-crashes', greeting: 'Prices from memory, at once.', products: cheaper };
