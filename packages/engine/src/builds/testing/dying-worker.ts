// A worker on the inbox of the configuration named by its first argument that kills itself at the point named by the
// second: no signal from outside could be timed so well.

import { silentLog } from '../../lib/log.ts';
import { loadSettings, openEngine } from '../../testing/small-engine.ts';
import { documentOf } from './payloads.ts';

const [file = '', point = ''] = process.argv.slice(2);
const engine = openEngine({ settings: loadSettings({ file, environment: {} }), log: silentLog, processName: 'dying' });

for (const delivered of engine.inbox.due(10)) {
  const ending = await engine.builds.take({ ...delivered, document: documentOf(delivered.body) });
  const act = typeof ending === 'function' ? ending : () => ending;
  // As an older worker did it: the act has a separate commit, and the settlement never comes.
  if (point === 'unsettled') {
    act();
    die();
  }
  engine.inbox.settle(delivered.id, () => {
    const settlement = act();
    if (point === 'within') die();
    return settlement;
  });
  if (point === 'after') die();
}
engine.close();

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}
