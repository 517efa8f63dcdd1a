// A command is a program and its words, and no shell reads them. What only a shell understands is named, with its cure.

import { basename, resolve } from 'node:path';
import { readEnvFile } from '../../lib/env-file.ts';
import { builtInNames } from '../command-names.ts';
import type { Path } from '../path.ts';
import { type Finding, warning } from '../problems.ts';
import { variablesIn } from '../variables.ts';
import type { TargetDraft } from './target-drafts.ts';

const shells = ['sh', 'ash', 'bash', 'dash', 'ksh', 'zsh'];
const operators = ['&&', '||', '|', ';', '&', '>', '>>', '<', '2>', '2>&1', '&>'];
const asShell = 'or start a shell yourself: [sh, -c, "exec …"]';
/** Given to every service. */
const fixedNames = ['PATH', 'LANG', 'TZ'];

export function checkCommand(target: TargetDraft, folder: string): readonly Finding[] {
  const { options, saidAt } = target;
  const words = (options.command ?? []).map((word) => word ?? '');
  const at = saidAt('command');
  const script = scriptOf(words);
  return [
    ...(script === undefined ? words.flatMap((word, index) => forShell(word, [...at, index])) : []),
    ...(script !== undefined && variablesIn(words[script] ?? '').length > 0
      ? [
          warning(
            [...at, script],
            `holds \${NAME}, which is filled in before the shell reads it; write $NAME, in double quotes, so that the shell fills it in`,
          ),
        ]
      : []),
    ...unknownNames(target, { words, at, folder }),
  ];
}

/** The place of the text that a shell is given; undefined where none is started. */
function scriptOf([program = '', ...words]: readonly string[]): number | undefined {
  if (!shells.includes(basename(program))) return undefined;
  const option = words.findIndex((word) => /^-[a-z]*c[a-z]*$/.test(word));
  return option < 0 ? undefined : option + 2;
}

function forShell(word: string, path: Path): readonly Finding[] {
  const isProgram = path.at(-1) === 0;
  const problem = isProgram ? problemOfProgram(word) : problemOfWord(word);
  return problem === undefined ? [] : [warning(path, problem)];
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

interface Given {
  readonly words: readonly string[];
  readonly at: Path;
  readonly folder: string;
}

/** Nothing is said where an env file cannot be read: it may be that of another account. */
function unknownNames({ options, own }: TargetDraft, { words, at, folder }: Given): readonly Finding[] {
  const named = [...builtInNames, ...fixedNames, ...Object.keys(options.env ?? {})];
  return (['blue', 'green'] as const).flatMap((slot) => {
    const files = [...(options.envFiles ?? []), ...(own.slots?.[slot]?.envFiles ?? [])];
    const fromFiles = namesIn(files, folder);
    if (fromFiles === undefined) return [];
    const known = new Set([...named, ...fromFiles]);
    return words.flatMap((word, index) =>
      variablesIn(word)
        .filter((name) => !known.has(name))
        .map((name) =>
          warning(
            [...at, index],
            `uses \${${name}}, which neither env, nor an env file, nor a built-in variable gives; a slot cannot start without it`,
          ),
        ),
    );
  });
}

function namesIn(files: readonly (string | undefined)[], folder: string): readonly string[] | undefined {
  try {
    return files.flatMap((file) => (file === undefined ? [] : Object.keys(readEnvFile(resolve(folder, file)).values)));
  } catch {
    return undefined;
  }
}
