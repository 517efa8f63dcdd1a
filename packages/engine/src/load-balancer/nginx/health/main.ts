// nginx itself asks no instance whether it is healthy, so this process does, for one target. It outlives the engine as
// nginx does. `node main.ts <file>`: the file is a `HealthProcessSpec`. On SIGTERM it takes its marks back and ends.

import { ftruncateSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { messageOf } from '../../../lib/errors.ts';
import { createLog } from '../../../lib/log.ts';
import { watchInstances } from '../../instances/watch.ts';
import type { HealthProcessSpec } from './health-process.ts';
import { clearMarks, mark } from './marks.ts';

const [, , file = ''] = process.argv;
const { upstreams, checks, marks: folder } = JSON.parse(readFileSync(file, 'utf8')) as HealthProcessSpec;

/** Of about 200 bytes: an instance that comes and goes for years fills no disk. */
const maxLines = 5_000;
const log = createLog({ name: 'nginx-health', terminal: false });
let lines = 0;

function note(fields: object, sentence: string): void {
  lines += 1;
  if (lines % maxLines === 0) emptyLog();
  log.info(fields, sentence);
}

/** The log is a file, unless a person runs this. */
function emptyLog(): void {
  try {
    ftruncateSync(1);
  } catch {
    // Then it is no file of ours.
  }
}

clearMarks(folder);
const watches = (['blue', 'green'] as const)
  .filter((slot) => upstreams[slot].length > 1)
  .map((slot) => {
    const endpoints = upstreams[slot];
    const unhealthy = new Set<number>();
    return watchInstances({
      endpoints,
      checks,
      changed: ({ index, healthy, problem }) => {
        if (healthy) unhealthy.delete(index + 1);
        else unhealthy.add(index + 1);
        note({ instance: `${slot}-${index + 1}`, healthy, why: problem }, 'the health of an instance changed');
        try {
          const numbers = [...unhealthy].toSorted((a, b) => a - b);
          mark({ folder, slot, instances: endpoints.length, unhealthy: numbers });
        } catch (thrown) {
          // A full disk: the instance is found by each request then, and the next change tries again.
          note({ why: messageOf(thrown) }, 'cannot mark an instance');
        }
      },
    });
  });

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    for (const watch of watches) watch.stop();
    clearMarks(folder);
  });
// For the next start: without it every process holds the compiler too.
flushCompileCache();
