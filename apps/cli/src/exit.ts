// What the command line answers to a script: one number, the same for every command.

import type { OutcomeView } from '@bg/engine';

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  halted: 4,
  configInvalid: 5,
  stopped: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeHelp = `
Exit codes:
  0    done
  1    failed: a fault, or a deployment that was followed and ended failed, rolled back, aborted, cancelled or superseded
  2    usage: an argument is missing, unknown, or not in its form; nothing was done
  3    refused: a rule said no (it is named), or what is named does not exist; nothing was changed
  4    halted: the deployment needs a person
  5    the configuration is invalid, or another process uses a different one
  130  stopped by Ctrl-C; a deployment that was followed goes on or waits, it is never taken back by this
`;

/** What the caller wanted of the deployment: forward to its end, or away from it (abort, reject, rollback). */
export type Wish = 'forward' | 'back';

export function exitCodeOf({ kind }: Pick<OutcomeView, 'kind'>, desired: Wish): ExitCode {
  switch (kind) {
    case 'promoted':
      return exitCodes.done;
    case 'halted':
      return exitCodes.halted;
    case 'aborted':
    case 'rolled-back':
    case 'cancelled':
      return desired === 'back' ? exitCodes.done : exitCodes.failed;
    case 'failed':
    case 'superseded':
      return exitCodes.failed;
    default:
      return kind satisfies never;
  }
}
