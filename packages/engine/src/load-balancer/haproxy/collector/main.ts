// The collectors' own process: it outlives the engine as HAProxy does, so that nothing goes uncounted while the engine is
// restarted. It holds no secret and decides nothing. `node main.ts <spec file> [<socket for further targets>]`

import { flushCompileCache } from 'node:module';
import { messageOf } from '../../../lib/errors.ts';
import { keepFilesPrivate } from '../../../lib/private-files.ts';
import { createCollectorHost } from './host.ts';

keepFilesPrivate();
const [, , file, socket] = process.argv;
const host = createCollectorHost();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => host.stop());
// An error in one target must not end the counts of the others.
for (const accident of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(accident, (thrown: unknown) => console.error(`an accident: ${messageOf(thrown)}`));
try {
  if (file === undefined) throw new Error('the spec file is missing');
  if (socket !== undefined)
    await host.open(socket).catch((thrown) => console.error(`no further targets: ${messageOf(thrown)}`));
  await host.add(file);
  // For the next start: without it every process holds the compiler too.
  flushCompileCache();
} catch (thrown) {
  console.error(`the collector cannot start: ${messageOf(thrown)}`);
  process.exitCode = 1;
}
