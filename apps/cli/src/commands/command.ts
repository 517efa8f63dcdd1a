// A command of `bg` is a row: how it is written, what it says in --help, what it runs.

import type { ExitCode } from '../exit.ts';
import type { Call } from '../session.ts';

export interface Command {
  /** `audit` for `bg audit verify`. */
  readonly group?:
    | 'audit'
    | 'calendar'
    | 'config'
    | 'hook'
    | 'inbox'
    | 'judge'
    | 'migrate'
    | 'notify'
    | 'release'
    | 'routing'
    | 'standby'
    | 'state';
  /** As commander reads it: `deploy <version> [place]`. */
  readonly usage: string;
  readonly summary: string;
  /** In addition to those that every command has. */
  readonly options?: readonly (readonly [flags: string, description: string])[];
  /** Only for commands without a place. */
  readonly placeless?: true;
  readonly examples: readonly string[];
  readonly run: (call: Call) => Promise<ExitCode>;
}

export const reasonOption = ['--reason <text>', 'why, recorded in the audit log'] as const;
export const followOption = ['--follow', 'stay and show the progress until the end'] as const;
