// The audit log: proving it and carrying it out of the house.

import { readFileSync } from 'node:fs';
import type { AuditRow, AuditVerification, Engine } from '@bg/engine';
import { csvLine } from '../csv.ts';
import { exitCodes } from '../exit.ts';
import { type Options, onEngine } from '../session.ts';
import type { Light } from '../show/deployment.ts';
import { jsonLine } from '../show/plain.ts';
import { usageError } from '../usage.ts';
import { readMoment } from './amounts.ts';
import type { Command } from './command.ts';

export const audit: readonly Command[] = [
  {
    group: 'audit',
    usage: 'verify',
    placeless: true,
    summary:
      'check the hash chain of the audit log: all of it once a day, else the rows since the last look; 1 when broken',
    options: [
      ['--full', 'walk all rows, also those that were found intact within the last day'],
      ['--head <row:hash>', 'a head as it was published in the channel: what this file says of itself is not enough'],
      ['--heads <file>', 'every head in a file, such as audit.headsFile: one <row:hash> in each line'],
    ],
    examples: [
      'bg audit verify',
      'bg audit verify --full',
      'bg audit verify --json',
      `bg audit verify --head 412:${'0'.repeat(64)}`,
      'bg audit verify --heads /mnt/elsewhere/heads.txt',
    ],
    run: onEngine(({ engine, screen }, _words, options) => {
      const one = options.head === undefined ? [] : [readHead(options.head)];
      const heads = [...one, ...headsIn(options.heads)];
      // A head from outside proves the rows before it only where each of them is walked.
      const isWhole = options.full === true || heads.length > 0;
      const verification = isWhole ? engine.audit.verify(heads) : engine.audit.verifySinceLast();
      const shipped = engine.audit.shipped();
      screen.answer({ ...verification, shipped }, (_, light) => [
        ...verificationLines(verification, light),
        ...shippedLines(shipped, verification.rows),
      ]);
      return verification.intact ? exitCodes.done : exitCodes.failed;
    }),
  },
  {
    group: 'audit',
    usage: 'export',
    placeless: true,
    summary: 'write the audit log to stdout, oldest first, as JSON Lines or CSV',
    options: [
      ['--csv', 'comma-separated, safe to open in a spreadsheet'],
      ['--jsonl', 'one JSON object per line (this is the default)'],
      ['--since <moment>', 'only what happened since: 2h, 7d, 2026-03-07'],
    ],
    examples: ['bg audit export --csv --since 7d > audit.csv', 'bg audit export | tail -n 3'],
    run: onEngine(async ({ engine, screen, stop }, _words, options) => {
      const { header, format } = exportFormat(options);
      const since = options.since === undefined ? 0 : readMoment('--since', options.since, Date.now());
      await screen.write(header);
      for (const rows of pages(engine)) {
        await screen.write(
          rows
            .filter(({ at }) => at >= since)
            .map(format)
            .join(''),
        );
        if (stop.aborted) return exitCodes.stopped;
      }
      return exitCodes.done;
    }),
  },
];

/** `412:<64 hexadecimal digits>`, entry and hash as the channel shows them. */
function readHead(text: string): { readonly seq: number; readonly hash: string } {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw usageError(`--head is ${text.slice(0, 80)}; expected <row>:<64 hexadecimal digits>`);
  return { seq: Number(seq), hash };
}

const mostHeads = 1_000_000;

/** Each line that names a head; a file that names none proves nothing, and is an error. */
function headsIn(file: string | undefined): readonly { readonly seq: number; readonly hash: string }[] {
  if (file === undefined) return [];
  const heads = readLines(file).flatMap((line) => {
    const [, seq, hash] = /(?:^|\s)(\d{1,15}):([0-9a-f]{64})(?:\s|$)/.exec(line.slice(0, 1_000)) ?? [];
    return seq === undefined || hash === undefined ? [] : [{ seq: Number(seq), hash }];
  });
  if (heads.length === 0 || heads.length > mostHeads)
    throw usageError(
      `--heads: ${file} holds ${heads.length} lines with <row>:<64 hexadecimal digits>; expected 1 to ${mostHeads}`,
    );
  return heads;
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (thrown) {
    throw usageError(`--heads: ${file} cannot be read: ${(thrown as Error).message}`);
  }
}

function shippedLines(shipped: ReturnType<Engine['audit']['shipped']>, rows: number): readonly string[] {
  return shipped.map(({ name, seq, problem, since }) => {
    const trouble = problem === undefined ? '' : `; since ${new Date(since ?? 0).toISOString()}: ${problem}`;
    return `${name} has ${Math.min(seq, rows)} of ${rows} rows${trouble}`;
  });
}

function verificationLines(verification: AuditVerification, { paint }: Light): readonly string[] {
  if (!verification.intact)
    return [`${paint.red('✗ broken')} at row ${verification.seq} of ${verification.rows}: ${verification.problem}`];
  const { rows, head, published, votes, since } = verification;
  const place =
    published === undefined
      ? 'No head was published yet, so a log that was rewritten as a whole could not be detected.'
      : `Proved against the head that was published in ${published.place} at ${new Date(published.at).toISOString()}: ${published.seq}:${published.hash}`;
  return [
    `${paint.green('✓ intact')}: ${rows} rows${head === undefined ? '' : `, head ${rows}:${head}`}`,
    place,
    since === undefined
      ? 'All rows were walked.'
      : `Rows from ${since.seq + 1} on were walked; all of them at ${new Date(since.fullAt).toISOString()} (again: --full).`,
    ...(votes === 0 ? [] : [`${votes} votes of people agree with their rows.`]),
  ];
}

const pageRows = 500;

function* pages(engine: Engine): Generator<readonly AuditRow[]> {
  let seq = 0;
  for (;;) {
    const rows = engine.audit.after(seq, pageRows);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    seq = last.seq;
  }
}

interface ExportFormat {
  readonly header: string;
  readonly format: (row: AuditRow) => string;
}

const columns = [
  'seq',
  'time',
  'actor',
  'action',
  'service',
  'target',
  'deployment',
  'code',
  'sentence',
  'detail',
  'hash',
];

function exportFormat({ csv = false, jsonl = false }: Options): ExportFormat {
  if (csv && jsonl) throw usageError('--csv and --jsonl exclude each other.');
  if (!csv) return { header: '', format: (row) => jsonLine({ ...row, time: new Date(row.at).toISOString() }) };
  return { header: csvLine(columns), format: csvRow };
}

function csvRow(row: AuditRow): string {
  const { seq, at, actor, action, service, target, deploymentId, code, sentence, detail, hash } = row;
  const time = new Date(at).toISOString();
  return csvLine([
    seq,
    time,
    actor,
    action,
    service,
    target,
    deploymentId,
    code,
    sentence,
    JSON.stringify(detail),
    hash,
  ]);
}
