// A separate process that is the controller for the configuration named by its argument, and that its parent can arm: it
// then kills or stops itself at one exact moment.

import { createLog, loadSettings } from '@bg/engine';
import { composeEngine } from '../../packages/engine/src/compose/engine.ts';
import { hookCommits } from '../../packages/engine/src/state/testing/commit-moments.ts';
import { hookedDrivers } from './hooked-drivers.ts';
import { createMoments, type FromController, type ToController } from './moments.ts';

const [file = '', processName = 'controller'] = process.argv.slice(2);
const send = (message: FromController): void => void process.send?.(message);
const moments = createMoments(
  (moment) => send({ moment }),
  (signal) => process.kill(process.pid, signal),
);
hookCommits(moments.pass);
const engine = composeEngine({
  settings: loadSettings({ file, environment: {} }),
  log: createLog({ name: processName, terminal: false }),
  processName,
  drivers: hookedDrivers(moments),
});
const over = new AbortController();
process.on('message', ({ arm }: ToController) => {
  moments.arm(arm);
  send({ armed: true });
});
process.once('SIGTERM', () => over.abort());
process.once('disconnect', () => over.abort());
await engine.drive(over.signal);
engine.close();
if (process.connected) process.disconnect();
