// The output of a slot: that of its only instance as it is, of several each line with the number of its instance.

import type { InstanceLog } from '@bg/engine';
import type { Screen } from '../screen.ts';
import { jsonLine, plain } from './plain.ts';

interface Reading {
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Of several instances, one after the other; where they are followed, as they write. */
export async function writeLogs(screen: Screen, logs: readonly InstanceLog[], reading: Reading): Promise<void> {
  const [only] = logs;
  const several = logs.length > 1;
  const write = async (log: InstanceLog): Promise<void> => {
    for await (const line of log.read(reading)) await screen.write(lineOf(screen, line, several ? log.instance : 0));
  };
  if (!several && only) return write(only);
  if (reading.follow) return void (await Promise.all(logs.map(write)));
  for (const log of logs) await write(log);
}

function lineOf({ json }: Screen, line: string, instance: number): string {
  if (json) return jsonLine(instance === 0 ? { line } : { line, instance });
  return `${instance === 0 ? '' : `[${instance}] `}${plain(line)}\n`;
}
