// Text of a slash command → what it asks for. Pure; a command that is not understood completely is not done in part.

import { suggest } from '@bg/engine';
import { asTyped, type Input } from './arguments.ts';
import { type KnownTarget, mistake, type Parsed } from './intent.ts';
import { type CommandKey, commandOf, type Subcommand } from './table.ts';
import { cutWords, type Word } from './words.ts';

export interface CommandText {
  readonly key: CommandKey;
  /** As the person typed it, e.g. `/deploy`. */
  readonly command: string;
  readonly text: string;
  readonly known: readonly KnownTarget[];
}

export function parseCommand({ key, command, text, known }: CommandText): Parsed {
  const cut = cutWords(text);
  if (!cut.ok) return mistake(cut.sentence);
  const { subcommands } = commandOf(key);
  const [first, ...rest] = cut.words;
  if (first !== undefined && !first.quoted) {
    const word = first.text.toLowerCase();
    if (word === 'help' || word === '--help' || word === '-h') return { ok: true, value: { kind: 'help' } };
    const named = subcommands.find((subcommand) => subcommand.word === word);
    if (named !== undefined) return named.form({ command: `${command} ${word}`, words: rest, known });
    const misspelt = misspeltSubcommand({ command, words: cut.words, known }, subcommands);
    if (misspelt !== undefined) return misspelt;
  }
  const bare = subcommands.find((subcommand) => subcommand.word === '') as Subcommand;
  return bare.form({ command, words: cut.words, known });
}

/** `stauts` would pass for a version. A word without a digit that is nearly a subcommand is asked about instead. */
function misspeltSubcommand(input: Input, subcommands: readonly Subcommand[]): Parsed | undefined {
  const [first, ...rest] = input.words as readonly [Word, ...Word[]];
  if (/[\d/]/.test(first.text) || input.known.some(({ service }) => service === first.text.toLowerCase()))
    return undefined;
  const meant = suggest(
    first.text,
    subcommands.map(({ word }) => word).filter((word) => word !== ''),
  );
  if (meant === undefined) return undefined;
  const instead = [input.command, meant, ...rest.map(asTyped)].join(' ');
  return mistake(`Unknown command \`${first.text}\`.`, instead);
}
