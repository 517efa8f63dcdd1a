// Prunes as a person would, in a process that a test kills.

import { loadSettings } from '../../../compose/configuration.ts';
import { openEngine } from '../../../compose/engine.ts';
import { silentLog } from '../../../lib/log.ts';

const [, , file = ''] = process.argv;
const engine = openEngine({
  settings: loadSettings({ file, environment: {} }),
  log: silentLog,
  processName: 'pruning',
});
process.stdout.write('ready\n');
await engine.storedReleases.prune({ dryRun: false, actor: { kind: 'person', id: 'alice', door: 'cli' } });
engine.close();
