// A separate process that writes rows to the state named by its argument until it is killed.

import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../lib/clock.ts';
import { openDatabase } from '../database.ts';
import { createStore } from '../store.ts';

const [folder = ''] = process.argv.slice(2);
const store = createStore({
  db: openDatabase(folder),
  clock: systemClock,
  redact: (text) => text,
  committed: () => undefined,
});
for (let row = 0; ; row += 1) {
  store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: `row ${row}` }));
  if (row === 5) process.stdout.write('writing\n');
  await setImmediate();
}
