// What can be typed, from the same table that the parser reads.

import { type CommandKey, commandTable } from '../commands/table.ts';
import { type Card, card, context, header, section } from './blocks.ts';
import { code, outside } from './text.ts';

/** `words`: each command as it is called in this workspace, with the slash. */
export function helpCard(words: Readonly<Record<CommandKey, string>>): Card {
  const lines = commandTable.map(({ key, subcommands }) =>
    subcommands
      .map(({ word, usage, does }) => {
        const typed = [words[key], word, usage].filter((part) => part !== '').join(' ');
        return `${code(typed, 120)} ${outside(does, 120)}`;
      })
      .join('\n'),
  );
  const commands = commandTable.map(({ key }) => words[key]).join(', ');
  return card(`What you can type: ${commands}. Each of them takes the word help.`, [
    header('What you can type'),
    ...lines.map(section),
    context('A service with one target never needs to name it. Buttons on a card do the same as the words.'),
  ]);
}
