// How a container ended, in words, and the error of a release that ended at once.

import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type InstancePlace } from '../environment.ts';
import { quoteLines } from '../log-lines.ts';
import { logFileOf, type Room } from './room.ts';

/** As Docker reports the end of a container. */
export interface EndState {
  readonly ExitCode: number;
  readonly OOMKilled?: boolean;
  readonly Error?: string;
}

/** A shell's way to name the signal that ended a process: 128 and its number. */
const signals: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

export function describeEnd({ ExitCode, OOMKilled, Error: failure }: EndState): string {
  if (OOMKilled) return 'killed by the kernel because it used more memory than it may (out of memory)';
  if (failure) return `could not be started: ${failure}`;
  const signal = signals[ExitCode];
  return signal === undefined ? `exit code ${ExitCode}` : `ended by ${signal}`;
}

export interface Ended {
  readonly place: InstancePlace;
  readonly version: string;
  readonly exit: string;
  readonly envFiles: readonly string[];
  /** The line of the log after which this start's output begins. */
  readonly after?: string;
}

/** Its output must have been copied. */
export function endedAtOnce(room: Room, { place, version, exit, ...quote }: Ended): BlueGreenError {
  const lastLog = quoteLines(logFileOf(room, place), quote);
  const output = lastLog.length === 0 ? 'it wrote nothing' : `its last lines:\n${lastLog.join('\n')}`;
  const sentence = `${version} in ${describePlace(place)} ended at once (${exit}); ${output}`;
  return new BlueGreenError('start-failed', sentence, { exit, lastLog });
}
