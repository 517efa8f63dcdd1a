// A program that changes a table while services use it: it fills a copy of the table and swaps the two. The operator
// configures it as words; a migration names it and no more.

import { placeholderPattern, type placeholders } from '../config/kit/online-placeholders.ts';
import { MigrationError } from './error.ts';

export interface OnlineTool {
  /** As migrations name it. */
  readonly name: string;
  /** With placeholders such as `{table}`. */
  readonly argv: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

export type ToolValues = Readonly<Record<(typeof placeholders)[number], string>>;

/** Each word stays one word, with any value. */
export function filledArgv({ argv }: OnlineTool, values: ToolValues): readonly [string, ...string[]] {
  const fill = (word: string): string =>
    word.replaceAll(placeholderPattern, (as, name: string) =>
      Object.hasOwn(values, name) ? values[name as keyof ToolValues] : as,
    );
  const [program, ...words] = argv;
  return [program, ...words.map(fill)];
}

/** @throws MigrationError `not-allowed` */
export function toolNamed(tools: readonly OnlineTool[], name: string, file: string): OnlineTool {
  const tool = tools.find((each) => each.name === name);
  if (tool) return tool;
  throw new MigrationError('not-allowed', notConfigured(tools, name, file), {
    hint: 'Configure it under database.onlineTools, or publish the migration without @online.',
  });
}

export function notConfigured(tools: readonly OnlineTool[], name: string, file: string): string {
  const known = tools.map((each) => each.name).join(', ');
  return `${file} names the online tool ${name}, which the configuration does not have${known === '' ? '' : ` (it has ${known})`}`;
}
