// A rule said no: which one, why, what to do, and what was changed before it, which is nothing in nearly all cases.

import { type Refusal, type Result, refusalRules } from '@bg/engine';
import { type ExitCode, exitCodes } from './exit.ts';
import type { Screen } from './screen.ts';
import type { Light } from './show/light.ts';

export function refused(screen: Screen, { code, sentence, hint, happened }: Refusal): ExitCode {
  if (screen.json) screen.answer({ refused: { code, rule: refusalRules[code], sentence, hint, happened } }, () => []);
  else
    for (const line of [
      `${happened === undefined ? 'refused' : 'failed'} (${code}): ${sentence}`,
      `  rule: ${refusalRules[code]}`,
      ...(hint === '' ? [] : [`  ${hint}`]),
      `  ${happened ?? 'Nothing was changed.'}`,
    ])
      screen.aside(line);
  if (happened !== undefined) return exitCodes.failed;
  return isAboutArguments(code) ? exitCodes.usage : exitCodes.refused;
}

/** The engine reads times, zones, actors and actions itself: a bad one is an argument, like one that the command line reads. */
export const isAboutArguments = (code: Refusal['code']): boolean =>
  code === 'text-invalid' || code === 'reason-missing';

/** The answer of a verb that is done at once. */
export function answered<T>(
  screen: Screen,
  result: Result<T>,
  render: (value: T, light: Light) => readonly string[],
): ExitCode {
  if (!result.ok) return refused(screen, result.refusal);
  screen.answer(result.value, render);
  return exitCodes.done;
}
