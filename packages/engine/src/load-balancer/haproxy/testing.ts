// What the tests of this folder share.

import { systemClock } from '../../lib/clock.ts';
import { type HaproxyOptions, placeOf } from './options.ts';
import { ended, recall, signal } from './process.ts';

/** As a crash would: at once. */
export async function killHaproxy(options: HaproxyOptions): Promise<void> {
  const process = recall(placeOf(options).pidFile);
  if (process === undefined) return;
  signal(process, 'SIGKILL');
  await ended(process, systemClock, 5_000);
}
