// A separate process that writes to the state named by its argument as another user, or with no file left to open, and
// prints the code of the fault.

import { openSync } from 'node:fs';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { openDatabase } from '../database.ts';
import { createStore } from '../store.ts';

const [folder = '', as = ''] = process.argv.slice(2);
// The library is loaded before there is a fault.
openDatabase(folder).$client.close();
if (as === 'nobody') process.setuid?.(65_534);
if (as === 'crowded') openUntilRefused();
const rows = as === 'limited' ? 400 : 1;
try {
  const db = openDatabase(folder);
  const store = createStore({ db, clock: systemClock, redact: (text) => text, committed: () => undefined });
  for (let row = 0; row < rows; row += 1)
    store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: `as ${as}`.padEnd(rows * 10, '.') }));
  process.stdout.write('written\n');
} catch (thrown) {
  process.stdout.write(`${(thrown as { code?: unknown }).code}: ${messageOf(thrown)}\n`);
}

function openUntilRefused(): void {
  try {
    for (;;) openSync('/dev/null', 'r');
  } catch {
    // As many as the limit allows are open now.
  }
}
