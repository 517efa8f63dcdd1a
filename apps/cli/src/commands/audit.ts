// The audit log: proving it and carrying it out of the house.

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
    summary: 'check the hash chain of the audit log; 1 when it is broken or cut off',
    options: [
      ['--head <row:hash>', 'a head as it was published in the channel: what this file says of itself is not enough'],
    ],
    examples: ['bg audit verify', 'bg audit verify --json', `bg audit verify --head 412:${'0'.repeat(64)}`],
    run: onEngine(({ engine, screen }, _words, options) => {
      const verification = engine.audit.verify(options.head === undefined ? undefined : readHead(options.head));
      screen.answer(verification, verificationLines);
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

function verificationLines(verification: AuditVerification, { paint }: Light): readonly string[] {
  if (!verification.intact)
    return [`${paint.red('✗ broken')} at row ${verification.seq} of ${verification.rows}: ${verification.problem}`];
  const { rows, head, published, votes } = verification;
  const place =
    published === undefined
      ? 'No head was published yet, so a log that was rewritten as a whole could not be told.'
      : `Proved against the head that was published in ${published.place} at ${new Date(published.at).toISOString()}: ${published.seq}:${published.hash}`;
  return [
    `${paint.green('✓ intact')}: ${rows} rows${head === undefined ? '' : `, head ${rows}:${head}`}`,
    place,
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
