// Env files and the `${NAME}` that is filled in from them: for a slot when it starts, for the address of its database
// when it is opened. Their values never reach a message.

import { requireEnvFile } from '../lib/env-file.ts';
import { scriptOf } from '../lib/shell-words.ts';

export type Variables = Readonly<Record<string, string>>;

/** In the order given; a later file wins. @throws BlueGreenError `env-file-unreadable` or `env-file-invalid`, naming the file */
export function readEnvFiles(paths: readonly string[]): Variables {
  return Object.assign({}, ...paths.map(requireEnvFile));
}

/** Replaces `${NAME}` in every value; `$${NAME}` gives the text `${NAME}`. Unknown names are reported, not guessed. */
export function substituteAll(
  env: Variables,
  known: Variables,
): { readonly values: Variables; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const values = Object.entries(env).map(([key, value]) => {
    const filled = fillIn(value, known);
    unknown.push(
      ...filled.unknown.map((name) => `env.${key} uses \${${name}}, which no env file and no built-in variable gives`),
    );
    return [key, filled.text] as const;
  });
  return { values: Object.fromEntries(values), unknown };
}

/**
 * The same in the words of a command, which may use `env` as well. A word stays one word, whatever is filled in. A
 * script is not filled in: its shell has the same variables.
 */
export function fillCommand<Words extends readonly string[]>(
  command: Words,
  known: Variables,
): { readonly argv: { readonly [Index in keyof Words]: string }; readonly unknown: readonly string[] } {
  const script = scriptOf(command);
  const words = command.map((word, index) =>
    index === script ? { text: word.replaceAll('$${', () => '${'), unknown: [] } : fillIn(word, known),
  );
  const unknown = words.flatMap((filled, index) =>
    filled.unknown.map(
      (name) => `command[${index}] uses \${${name}}, which neither env, nor an env file, nor a built-in variable gives`,
    ),
  );
  return { argv: words.map(({ text }) => text) as { [Index in keyof Words]: string }, unknown };
}

function fillIn(text: string, known: Variables): { readonly text: string; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const filled = text.replaceAll(/\$(\$?)\{([^}]*)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (Object.hasOwn(known, name)) return known[name] ?? '';
    unknown.push(name);
    return '';
  });
  return { text: filled, unknown };
}
