// What has changed about a release since it was started: its files, which is an alarm, and what a start would take now.

import type { SlotView, TargetView } from '@bg/engine';
import { timeText } from './amounts.ts';
import type { Light } from './light.ts';

export function filesDriftLines({ slots }: TargetView, { now, paint }: Light): readonly string[] {
  return slots.flatMap(({ slot, version, filesDrift }) =>
    filesDrift === undefined
      ? []
      : [
          `  ${paint.red('files changed')} of ${version} in ${slot} since ${timeText(filesDrift.since, now)}: ${filesText(filesDrift)}`,
        ],
  );
}

/** For `--wide`: what an env file or the configuration would change at the next start. */
export function wouldChangeLines({ slots }: TargetView, { paint }: Light): readonly string[] {
  return slots.flatMap(({ slot, version, wouldChange }) => {
    if (wouldChange === undefined) return [];
    const { variables, command, problem } = wouldChange;
    const what = problem === undefined ? `would start with other values` : 'could not be started again';
    const names = [...variables, ...(command ? ['the command'] : [])].join(', ');
    return [`  ${paint.yellow(what)}: ${version} in ${slot}: ${problem ?? names}`];
  });
}

function filesText({ files, count }: NonNullable<SlotView['filesDrift']>): string {
  if (files.length === 0) return 'which is not known';
  return `${files.join(', ')}${count > files.length ? ` and ${count - files.length} more` : ''}`;
}
