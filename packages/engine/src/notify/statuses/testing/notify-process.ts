// A separate process that notifies GitHub from the state that its argument names, until it is killed.

import { systemClock } from '../../../lib/clock.ts';
import { openDatabase } from '../../../state/database.ts';
import { createStore } from '../../../state/store.ts';
import { sceneOf, startNotifying } from './scene.ts';

const [folder = '', config = '{}'] = process.argv.slice(2);
const store = createStore({
  db: openDatabase(folder),
  clock: systemClock,
  redact: (text) => text,
  committed: () => undefined,
});
startNotifying(sceneOf({ store, clock: systemClock, config: JSON.parse(config) }));
process.stdout.write('telling\n');
