// A step that takes long may be waiting for a lock: the migrator reports the activity of the database in short while it
// waits, and again when it gave up.

import { pause } from '../../lib/clock.ts';
import { shortActivity } from '../activity.ts';
import { MigrationError } from '../error.ts';
import type { PhaseContext } from './context.ts';

const firstLookMs = 5_000;
const laterLookMs = 60_000;
const mostLooks = 5;

export async function sayingWhatItWaitsFor<T>(context: PhaseContext, id: string, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const looking = sayWhileItRuns(context, id, AbortSignal.any([context.signal, over.signal]));
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof MigrationError) || thrown.code !== 'blocked') throw thrown;
    const { message, hint, cause } = thrown;
    const short = await inShort(context);
    if (short === undefined) throw thrown;
    const options = { cause, ...(hint === undefined ? {} : { hint: `${hint} See \`bg migrate activity\`.` }) };
    throw new MigrationError('blocked', `${message}; in the database: ${short}`, options);
  } finally {
    over.abort();
    await looking;
  }
}

async function sayWhileItRuns(context: PhaseContext, id: string, signal: AbortSignal): Promise<void> {
  for (let look = 0; look < mostLooks; look += 1) {
    if (!(await pause(context.clock, look === 0 ? firstLookMs : laterLookMs, signal))) return;
    const short = await inShort(context);
    if (signal.aborted) return;
    if (short !== undefined) context.say({ kind: 'warning', id, sentence: `takes long; in the database: ${short}` });
  }
}

/** A database whose activity cannot be read changes nothing for the step. */
async function inShort({ database }: PhaseContext): Promise<string | undefined> {
  return await database.activity().then(shortActivity, () => undefined);
}
