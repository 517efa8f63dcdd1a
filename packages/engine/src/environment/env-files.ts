// Env files and the `${NAME}` that is filled in from them: for a slot when it starts, for the address of its database when it
// is opened. What stands in them never reaches a message.

import { requireEnvFile } from '../lib/env-file.ts';

export type Variables = Readonly<Record<string, string>>;

/** In the order given; a later file wins. @throws BlueGreenError `env-file-unreadable` or `env-file-invalid`, naming the file */
export function readEnvFiles(paths: readonly string[]): Variables {
  return Object.assign({}, ...paths.map(requireEnvFile));
}

/** Replaces `${NAME}` in every value; `$${NAME}` stands for the text `${NAME}`. What is unknown is told, not guessed. */
export function substituteAll(
  env: Variables,
  known: Variables,
): { readonly values: Variables; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const values = Object.entries(env).map(([key, value]) => [
    key,
    value.replaceAll(/\$(\$?)\{([^}]*)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(known, name)) return known[name] ?? '';
      unknown.push(`env.${key} uses \${${name}}, which no env file and no built-in variable gives`);
      return '';
    }),
  ]);
  return { values: Object.fromEntries(values), unknown };
}
