// A command is a program and its words, and no shell reads them. What only a shell understands is named, with its cure.

import { basename } from 'node:path';

const shells = ['sh', 'ash', 'bash', 'dash', 'ksh', 'zsh'];
const operators = ['&&', '||', '|', ';', '&', '>', '>>', '<', '2>', '2>&1', '&>'];
const asShell = 'or start a shell yourself: [sh, -c, "exec …"]';

/** The place of the text that a shell is given, which is the shell's to read; undefined where none is started. */
export function scriptOf([program = '', ...words]: readonly string[]): number | undefined {
  if (!shells.includes(basename(program))) return undefined;
  const option = words.findIndex((word) => /^-[a-z]*c[a-z]*$/.test(word));
  return option < 0 ? undefined : option + 2;
}

export interface ShellWord {
  readonly index: number;
  readonly problem: string;
}

/** What would be passed to the program as it is written. None where a shell is started. */
export function shellWords(words: readonly string[]): readonly ShellWord[] {
  if (scriptOf(words) !== undefined) return [];
  return words.flatMap((word, index) => {
    const problem = index === 0 ? problemOfProgram(word) : problemOfWord(word);
    return problem === undefined ? [] : [{ index, problem }];
  });
}

function problemOfProgram(word: string): string | undefined {
  if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) return 'sets a variable, as only a shell does; write it under env';
  if (/\s/.test(word))
    return 'has white space in the name of the program; write the program and each argument as an item of the list';
  return problemOfWord(word);
}

function problemOfWord(word: string): string | undefined {
  const [, name] = /(?:^|[^$\\])\$([A-Za-z_][A-Za-z0-9_]*)/.exec(word) ?? [];
  if (name !== undefined) return `holds $${name}, which no shell fills in; write \${${name}}`;
  if (operators.includes(word)) return `is ${word}, which only a shell understands; leave it out, ${asShell}`;
  if (/\$\(|`/.test(word)) return `runs a command in its place, as only a shell does; write its result, ${asShell}`;
  if (/^~(\/|$)/.test(word)) return `begins with ~, which only a shell understands; write the whole path`;
  if (/^[^-].*\*|^\*/.test(word))
    return `holds *, which no shell replaces by the names of files; name them, ${asShell}`;
  return undefined;
}
