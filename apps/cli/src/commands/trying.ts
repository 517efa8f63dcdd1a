// `bg migrate try`: what is pending, run on a copy with data before production sees it.

import { exitCodes } from '../exit.ts';
import { readPlace, readVersion } from '../place.ts';
import { refused } from '../refused.ts';
import { onEngine } from '../session.ts';
import { runLine } from '../show/schema.ts';
import { tryLines } from '../show/trying.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const trying: Command = {
  group: 'migrate',
  usage: 'try [place]',
  summary: 'run what is pending on a copy with data: times, locks and rows of each statement; 1 when it fails there',
  options: [
    [
      '--copy <url>',
      `the address of the copy, never of the live database; \${NAME} is filled in as in the configuration`,
    ],
    ['--release <version>', 'the release whose files are meant (the one that is live)'],
    ['--contract', 'contracts too, where they are ready'],
    ['--revert', 'take back what was expanded, to try that too'],
  ],
  examples: [
    `bg migrate try --copy 'postgres://app:\${COPY_PASSWORD}@db2/shop_copy' --release v2.1`,
    'bg migrate try shop/staging --copy sqlite:/tmp/shop-copy.sqlite --contract --json',
  ],
  run: onEngine(async ({ engine, actor, screen, stop }, [place], options) => {
    const { copy, release, contract = false, revert = false } = options;
    if (copy === undefined || copy.trim() === '') throw usageError('Name the copy: --copy <url>.');
    const tried = await engine.migrations.tryOn({
      ...readPlace(place, options),
      ...(release === undefined ? {} : { version: readVersion(release) }),
      ...{ copy, contract, revert, actor, signal: stop },
      say: (event) => {
        const line = runLine(event);
        if (line !== undefined) screen.aside(line);
      },
    });
    if (!tried.ok) return refused(screen, tried.refusal);
    screen.answer(tried.value, tryLines);
    return tried.value.ok ? exitCodes.done : exitCodes.failed;
  }),
};
