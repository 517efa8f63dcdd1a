// What was deployed in a period, and how well; and the same from a copy of the audit log.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Proof } from '@bg/engine';
import { type ExitCode, exitCodes } from '../exit.ts';
import { readPlace } from '../place.ts';
import { answered, refused } from '../refused.ts';
import { onEngine, type Session } from '../session.ts';
import type { Light } from '../show/light.ts';
import { markdownLines, reportLines } from '../show/report.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const report: readonly Command[] = [
  {
    usage: 'report [place]',
    summary: 'deployments, failures, lead time, time to restore and rollbacks of a period, from the audit log alone',
    options: [
      ['--since <time>', 'from when: 2026-11-01, "2026-11-01 09:00", or 7d before the end; default: 7d'],
      ['--until <time>', 'until when, not included; default: now'],
      ['--zone <name>', 'IANA zone of these times; default: that of the summary, else UTC'],
      ['--markdown', 'as Markdown, for a wiki or a mail'],
      ['--prove <export>', 'compute it from this file of `bg audit export` too, and compare; 1 where anything differs'],
    ],
    examples: [
      'bg report',
      'bg report shop --since 30d',
      'bg report shop/production --since 2026-11-01 --until 2026-12-01 --zone Europe/Berlin --markdown',
      'bg report --since 2026-11-01 --until 2026-12-01 --prove audit.jsonl',
    ],
    run: onEngine(async (session, [place], options) => {
      const { since, until, zone } = options;
      const request = { ...readPlace(place, options), since, until, zone };
      if (options.prove !== undefined) return prove(session, request, options.prove);
      const lines = options.markdown === true ? markdownLines : reportLines;
      return answered(session.screen, await session.engine.reports.of(request), lines);
    }),
  },
];

async function prove(
  { engine, screen }: Session,
  request: Parameters<Session['engine']['reports']['of']>[0],
  file: string,
): Promise<ExitCode> {
  const stream = createReadStream(file, 'utf8');
  const problem = await new Promise<Error | undefined>((resolve) => {
    stream.once('error', resolve).once('readable', () => resolve(undefined));
  });
  if (problem) throw usageError(`--prove: ${file} cannot be read: ${problem.message}`);
  const proof = await engine.reports.prove(
    request,
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }),
  );
  if (!proof.ok) return refused(screen, proof.refusal);
  screen.answer(proof.value, proofLines);
  return proof.value.isEqual ? exitCodes.done : exitCodes.failed;
}

function proofLines({ isEqual, differences, rows, report: found }: Proof, light: Light): readonly string[] {
  const { paint } = light;
  if (isEqual && found)
    return [
      ...reportLines(found, light),
      `${paint.green('✓ equal')}: the chain of all ${rows} rows of the export is intact, and each figure is the same here`,
    ];
  const what = found === undefined ? 'the export proves nothing' : 'the export and this state differ';
  return [`${paint.red(`✗ ${what}`)}:`, ...differences.map((each) => `  ${each}`)];
}
