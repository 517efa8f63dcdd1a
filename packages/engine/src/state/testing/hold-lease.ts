// A separate process that takes the controller's lease of the state named by its argument, and holds it until killed.

import { systemClock } from '../../lib/clock.ts';
import { openDatabase } from '../database.ts';
import { acquireLease } from '../leases.ts';

const [folder = ''] = process.argv.slice(2);
const db = openDatabase(folder);
const lease = acquireLease(db, { name: 'driver', holder: 'child', configDigest: 'c', clock: systemClock });
process.stdout.write(lease ? 'held\n' : 'refused\n');
setInterval(() => undefined, 60_000);
