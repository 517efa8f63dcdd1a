// A process that holds the state and writes to it until it is ended, whatever the disk says: node write-on-full.ts FOLDER
// It prints `open` once it does, and what it wrote and was refused when its input ends.

import { hasCode } from '../../lib/errors.ts';
import { retainReserve } from '../../lib/reserve.ts';
import { openDatabase } from '../database.ts';
import { withRoom } from '../room.ts';

const [folder = ''] = process.argv.slice(2);
const db = openDatabase(folder);
retainReserve(folder);
db.$client.exec('CREATE TABLE IF NOT EXISTS counted (n INTEGER, text TEXT)');
const add = db.$client.prepare('INSERT INTO counted VALUES (?, ?)');
let [written, refused] = [0, 0];
let isOver = false;
process.stdin.resume();
process.stdin.once('end', () => {
  isOver = true;
});
console.log('open');
const write = (): void => {
  try {
    withRoom(db, 'decision', () => add.run(written, 'x'.repeat(1_000)));
    written += 1;
  } catch (thrown) {
    if (!hasCode(thrown, 'disk-full')) throw thrown;
    refused += 1;
  }
  if (!isOver) setTimeout(write, 2);
  else console.log(JSON.stringify({ written, refused }));
};
write();
