// What the shop received. Counters live in memory; ids of orders also go to a file in the folder SHOP_LEDGER, so that
// orders can be counted across restarts and sides.

import { accessSync, appendFileSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const maxPaths = 100;
const maxOrders = 500_000;
const maxListed = 100;

export function createLedger({ slot, version }) {
  const folder = process.env.SHOP_LEDGER;
  if (folder) mkdirSync(folder, { recursive: true });
  const file = folder && join(folder, `${slot}-${version}-${process.pid}.txt`);
  const startedAt = new Date().toISOString();
  const paths = new Map();
  const orders = new Map();
  const counts = { requests: 0, userRequests: 0, firstAt: null, lastAt: null };
  return {
    countRequest({ path, byUser }) {
      counts.requests++;
      if (byUser) counts.userRequests++;
      counts.lastAt = new Date().toISOString();
      counts.firstAt ??= counts.lastAt;
      const name = paths.has(path) || paths.size < maxPaths ? path : 'other';
      paths.set(name, (paths.get(name) ?? 0) + 1);
    },
    /** Written down before it is answered. Returns how often this id has come. */
    takeOrder({ id, checksum }) {
      if (file) appendFileSync(file, `${id} ${checksum}\n`);
      const times = (orders.get(id) ?? 0) + 1;
      if (times > 1 || orders.size < maxOrders) orders.set(id, times);
      return times;
    },
    userRequests: () => counts.userRequests,
    isWritable: () => !folder || canWrite(folder),
    stats() {
      const doubled = [...orders].filter(([, times]) => times > 1).map(([id]) => id);
      return {
        slot,
        version,
        startedAt,
        ...counts,
        paths: Object.fromEntries(paths),
        orders: orders.size,
        doubled: doubled.length,
        doubledOrders: doubled.slice(0, maxListed),
      };
    },
  };
}

function canWrite(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
