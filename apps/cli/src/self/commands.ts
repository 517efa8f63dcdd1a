// What `bg` says about itself: completion for shells, and its manual page.

import type { Command as Program } from 'commander';
import { usageError } from '../usage.ts';
import { completionFor, type Shell, shells } from './completion.ts';
import { manualPage } from './manual.ts';
import { entriesOf } from './tree.ts';

/** They need the whole program, so they are no rows of the table. Answers go to `write`. */
export function addSelf(program: Program, version: string, write: (text: string) => void): void {
  program
    .command('completion <shell>')
    .description('print completion for bash, zsh or fish')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(bg completion bash)\n  bg completion fish > ~/.config/fish/completions/bg.fish\n',
    )
    .action((given: string) => {
      const shell = shells.find((each) => each === given);
      if (shell === undefined)
        throw usageError(`There is no completion for '${given}'; expected ${shells.join(', ')}.`);
      write(completionFor(shell satisfies Shell, entriesOf(program)));
    });
  program
    .command('manual')
    .description('print the manual page, for man(1)')
    .addHelpText('after', '\nExamples:\n  bg manual | man -l -\n')
    .action(() => write(manualPage(entriesOf(program), { version, date: new Date().toISOString().slice(0, 10) })));
}
