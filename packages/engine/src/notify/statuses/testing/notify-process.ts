// A process of its own that tells GitHub what stands in the state named by its argument, until it is killed.

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
