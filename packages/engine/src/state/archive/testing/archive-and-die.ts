// A process that archives the old rows of a state, and kills itself at a step: node archive-and-die.ts STATE BEFORE STEP
// STEP is `removing:3` for the third time; `never` lets it end.

import { join } from 'node:path';
import { systemClock } from '../../../lib/clock.ts';
import { openDatabase } from '../../database.ts';
import { createStore } from '../../store.ts';
import { archiveRows } from '../archive.ts';

const [folder = '', before = '', end = ''] = process.argv.slice(2);
const [step, nth = '1'] = end.split(':');
let times = 0;
const db = openDatabase(folder);
const store = createStore({ db, clock: systemClock, redact: (text) => text, committed: () => undefined });
await archiveRows({
  store,
  folder: join(folder, 'archive'),
  actor: 'engine',
  before: Number(before),
  through: Number.MAX_SAFE_INTEGER,
  reached: (reached) => {
    if (reached !== step) return;
    times += 1;
    if (times === Number(nth)) process.kill(process.pid, 'SIGKILL');
  },
});
