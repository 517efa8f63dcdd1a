// The words of a command: what only a shell understands, and what nothing fills in.

import { resolve } from 'node:path';
import { readEnvFile } from '../../lib/env-file.ts';
import { scriptOf, shellWords } from '../../lib/shell-words.ts';
import type { Path } from '../kit/path.ts';
import { type Finding, warning } from '../kit/problems.ts';
import { builtInNames, variablesIn } from '../reading/variables.ts';
import type { TargetDraft } from '../target-draft.ts';

/** Given to every service. */
const fixedNames = ['PATH', 'LANG', 'TZ'];

export function checkCommand(target: TargetDraft, folder: string): readonly Finding[] {
  const { options, saidAt } = target;
  const words = (options.command ?? []).map((word) => word ?? '');
  const at = saidAt('command');
  return [
    ...shellWords(words).map(({ index, problem }) => warning([...at, index], problem)),
    ...unknownNames(target, { words, at, folder }),
  ];
}

interface Given {
  readonly words: readonly string[];
  readonly at: Path;
  readonly folder: string;
}

/** Reports nothing when an env file cannot be read: it may belong to another account. */
function unknownNames({ options, own }: TargetDraft, { words, at, folder }: Given): readonly Finding[] {
  const named = [...builtInNames, ...fixedNames, ...Object.keys(options.env ?? {})];
  return (['blue', 'green'] as const).flatMap((slot) => {
    const files = [...(options.envFiles ?? []), ...(own.slots?.[slot]?.envFiles ?? [])];
    const fromFiles = namesIn(files, folder);
    if (fromFiles === undefined) return [];
    const known = new Set([...named, ...fromFiles]);
    const script = scriptOf(words);
    return words.flatMap((word, index) =>
      (index === script ? [] : variablesIn(word))
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
