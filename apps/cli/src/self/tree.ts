// The commands as completion and the manual page need them.

import type { Command as Program } from 'commander';

export interface Entry {
  /** `['audit', 'verify']`; empty for `bg` itself. */
  readonly words: readonly string[];
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly { readonly flags: string; readonly names: readonly string[]; readonly summary: string }[];
  /** Names of the commands below it, with what each does. */
  readonly below: readonly (readonly [name: string, summary: string])[];
}

/** `bg` first, then each command, a group before its members. */
export function entriesOf(program: Program): readonly Entry[] {
  const visit = (command: Program, words: readonly string[]): readonly Entry[] => [
    {
      words,
      usage: ['bg', ...words, command.usage()].join(' ').trim(),
      summary: command.description(),
      options: command.options.map(({ flags, short, long, description }) => ({
        flags,
        names: [short, long].filter((name) => name != null),
        summary: description,
      })),
      below: command.commands.map((each) => [each.name(), each.description()] as const),
    },
    ...command.commands.flatMap((each) => visit(each, [...words, each.name()])),
  ];
  return visit(program, []);
}
