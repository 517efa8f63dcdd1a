// Prunes as a person would, in a process that a test kills.

import { silentLog } from '../../../lib/log.ts';
import { loadSettings, openEngine } from '../../../testing/small-engine.ts';

const [, , file = ''] = process.argv;
const engine = openEngine({
  settings: loadSettings({ file, environment: {} }),
  log: silentLog,
  processName: 'pruning',
});
process.stdout.write('ready\n');
await engine.storedReleases.prune({ dryRun: false, actor: { kind: 'person', id: 'alice', door: 'cli' } });
engine.close();
