// A separate process that opens the state named by its argument and does one job: it writes one row and reports it,
// waits for a change, or pauses in the middle of a write for the given time. For tests of many processes at once.

import { systemClock } from '../../lib/clock.ts';
import { createChangeSignal } from '../change-signal.ts';
import { openDatabase } from '../database.ts';
import { createStore } from '../store.ts';

const [folder = '', job = 'write', ms = '0'] = process.argv.slice(2);
const db = openDatabase(folder);
if (job === 'write') {
  const store = createStore({ db, clock: systemClock, redact: (text) => text, committed: () => undefined });
  store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: `by ${process.pid}` }));
  process.stdout.write('written\n');
} else if (job === 'hold') {
  db.$client.exec('BEGIN EXCLUSIVE');
  process.stdout.write('held\n');
  await systemClock.sleep(Number(ms));
  db.$client.exec('ROLLBACK');
} else {
  const changeSignal = createChangeSignal(db, systemClock);
  process.stdout.write('waiting\n');
  await changeSignal.changed(20_000);
  process.stdout.write(`woken ${Date.now()}\n`);
}
db.$client.close();
