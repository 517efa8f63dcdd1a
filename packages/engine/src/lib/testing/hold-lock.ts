// Takes the lock of its argument again and again, each time writing that it is in and out. `die`: sometimes it dies
// inside. `hang`: it stays inside.

import { appendFileSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { withFileLock } from '../file-lock.ts';

const [path = '', journal = '', rounds = '1', end = 'go'] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round += 1)
  await withFileLock({ path, clock: systemClock, holdMs: 60_000 }, async () => {
    appendFileSync(journal, `in ${process.pid}\n`);
    if (end === 'hang') await systemClock.sleep(60_000);
    await systemClock.sleep(Math.random() * 2);
    if (end === 'die' && Math.random() < 0.1) process.kill(process.pid, 'SIGKILL');
    appendFileSync(journal, `out ${process.pid}\n`);
  });
