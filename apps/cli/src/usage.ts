// A command line that cannot be understood: said in one sentence with the nearest correct form, before anything is done.

import { CommanderError } from 'commander';
import { exitCodes } from './exit.ts';

/** Thrown where words make no sense; `main.ts` prints it and ends with 2. */
export function usageError(sentence: string, nearest?: string): CommanderError {
  const hint = nearest === undefined ? '' : `\n  Did you mean: ${nearest}`;
  return new CommanderError(exitCodes.usage, 'bg.usage', `${sentence}${hint}`);
}
