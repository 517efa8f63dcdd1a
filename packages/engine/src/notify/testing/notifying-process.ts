// A process that tells what the configuration named by its argument says, until it is killed. For tests of being killed.

import { loadSettings } from '../../compose/configuration.ts';
import { openEngine } from '../../compose/engine.ts';
import { silentLog } from '../../lib/log.ts';

const [file = ''] = process.argv.slice(2);
const engine = openEngine({
  settings: loadSettings({ file, environment: {} }),
  log: silentLog,
  processName: 'telling',
});
process.stdout.write('telling\n');
await engine.notify(new AbortController().signal);
