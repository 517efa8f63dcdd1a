// A separate process that is the controller for the configuration named by its argument, until it gets a signal to end.

import { createLog, loadSettings, openEngine } from '@bg/engine';

const [file = '', processName = 'driver'] = process.argv.slice(2);
const engine = openEngine({
  settings: loadSettings({ file, environment: {} }),
  log: createLog({ name: processName, terminal: false }),
  processName,
});
const over = new AbortController();
process.once('SIGTERM', () => over.abort());
await engine.drive(over.signal);
engine.close();
