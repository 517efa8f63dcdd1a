// A process that sends the notifications of the configuration in its argument, until it is killed. For tests of kills.

import { silentLog } from '../../lib/log.ts';
import { loadSettings, openEngine } from '../../testing/small-engine.ts';

const [file = ''] = process.argv.slice(2);
const engine = openEngine({
  settings: loadSettings({ file, environment: {} }),
  log: silentLog,
  processName: 'telling',
});
process.stdout.write('telling\n');
await engine.notify(new AbortController().signal);
