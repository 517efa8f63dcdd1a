// Old rows of the audit log move into files now; the controller does it by itself where the configuration says so.

import type { ArchivedRows } from '@bg/engine';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import { dateText } from '../show/amounts.ts';
import type { Light } from '../show/light.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const archive: Command = {
  group: 'state',
  usage: 'archive',
  placeless: true,
  summary: 'move old rows of the audit log into files, and out of the state; the chain goes on',
  options: [['--older-than <age>', 'in days, at least 1d; default: audit.archive.after of the configuration']],
  examples: ['bg state archive', 'bg state archive --older-than 365d', 'bg state archive --json'],
  run: onEngine(async ({ engine, screen, stop, actor }, _words, options) => {
    const olderThanMs = options.olderThan === undefined ? undefined : readDays(options.olderThan);
    const result = await engine.archiveAudit({
      actor,
      olderThanMs,
      signal: stop,
      made: ({ firstSeq, lastSeq, file }) => screen.aside(`rows ${firstSeq} to ${lastSeq} are in ${file} …`),
    });
    return answered(screen, result, archivedLines);
  }),
};

const dayMs = 86_400_000;

function readDays(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  if (days === undefined)
    throw usageError(`--older-than is ${text.slice(0, 40)}; expected a number of days such as 365d`);
  return Number(days) * dayMs;
}

function archivedLines({ archives, folder, before, waitsFor }: ArchivedRows, { paint }: Light): readonly string[] {
  const rows = archives.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0);
  const stay = archives.reduce((sum, { retained }) => sum + retained, 0);
  const held =
    waitsFor === undefined
      ? []
      : [`${waitsFor.name} has the rows up to ${waitsFor.seq} only, so later ones stay (bg audit verify says why).`];
  if (archives.length === 0) return [`Nothing to archive: no row is older than ${dateText(before)}.`, ...held];
  return [
    `${paint.green('✓')} ${rows} rows are in ${archives.length} files in ${folder}; ${stay} of them stay in the state too`,
    'The state file gets no smaller, but has room for as many new rows. Copy the files as you copy backups.',
    ...held,
  ];
}
