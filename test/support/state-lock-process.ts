// A separate process that says whether the state could be written to now. In a process that has the state open already,
// a second copy of SQLite would, on closing, take away the first one's locks.

import { DatabaseSync } from 'node:sqlite';

const [file = ''] = process.argv.slice(2);
const database = new DatabaseSync(file, { timeout: 0 });
try {
  database.exec('BEGIN IMMEDIATE; ROLLBACK');
  process.stdout.write('free');
} catch {
  process.stdout.write('locked');
}
database.close();
