// The collector's own process: it outlives the engine as HAProxy does, so that nothing goes uncounted while the engine is
// restarted. It holds no secret and decides nothing. Its only argument is its spec file.

import { readFileSync } from 'node:fs';
import { messageOf } from '../../../lib/errors.ts';
import { keepFilesPrivate } from '../../../lib/private-files.ts';
import { type CollectorSpec, startCollector } from './collector.ts';

keepFilesPrivate();
const [, , file] = process.argv;
try {
  if (file === undefined) throw new Error('the spec file is missing');
  const collector = await startCollector(JSON.parse(readFileSync(file, 'utf8')) as CollectorSpec);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => collector.stop());
} catch (thrown) {
  console.error(`the collector cannot start: ${messageOf(thrown)}`);
  process.exitCode = 1;
}
