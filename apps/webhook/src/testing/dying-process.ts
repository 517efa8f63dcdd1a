// A worker on the inbox of the configuration named by its first argument that kills itself, at the point named by the
// second, while it works on an order: no signal from outside could be timed so well.

import { type Ending, type Inbox, loadSettings, openEngine, silentLog } from '@bg/engine';
import { createInterpret } from '../interpret.ts';
import { workOnInbox } from '../work.ts';

const [file = '', point = ''] = process.argv.slice(2);
const engine = openEngine({ settings: loadSettings({ file, environment: {} }), log: silentLog, processName: 'dying' });
const interpret = createInterpret(engine);

/** Once what the order asks for was done, and before what became of it is written. */
function dyingWithin(ending: Ending): Ending {
  return () => {
    const settlement = typeof ending === 'function' ? ending() : ending;
    if (point === 'between') die();
    return settlement;
  };
}

const settle: Inbox['settle'] = (id, ending) => {
  engine.inbox.settle(id, dyingWithin(ending));
  if (point === 'after') die();
};

await workOnInbox(
  {
    engine: { ...engine, inbox: { ...engine.inbox, settle } },
    interpret: async (delivery) => {
      const ending = await interpret(delivery);
      if (point === 'before') die();
      return ending;
    },
    log: silentLog,
  },
  new AbortController().signal,
);

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}
