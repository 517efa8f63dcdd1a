// The rows of the audit log: searched for people, and carried out of the house.

import { type AuditQuery, type AuditRow, type AuditSearch, type Engine, shortName } from '@bg/engine';
import { csvLine } from '../csv.ts';
import { exitCodes } from '../exit.ts';
import { refused } from '../refused.ts';
import { type Options, onEngine } from '../session.ts';
import { clockText, dateText } from '../show/amounts.ts';
import type { Light } from '../show/light.ts';
import { jsonLine } from '../show/plain.ts';
import { tableLines } from '../show/table.ts';
import { usageError } from '../usage.ts';
import { readCount, readMoment } from './amounts.ts';
import type { Command } from './command.ts';

const filterOptions = [
  ['--service <name>', 'about this service'],
  ['--target <name>', 'about this target, with --service where several have one of that name'],
  ['--deployment <id>', 'about this deployment; the beginning of its id is enough'],
  ['--actor <name>', 'what a person, a machine (machine:<name>) or the engine did'],
  ['--action <names>', 'these actions, with commas between them; * stands for any letters'],
  ['--since <moment>', 'only what happened since: 2h, 7d, 2026-03-07, 2026-03-07T14:00Z'],
  ['--until <moment>', 'only what happened until then'],
] as const;

export const auditRows: readonly Command[] = [
  {
    group: 'audit',
    usage: 'list',
    placeless: true,
    summary: 'rows of the audit log that these filters let through, the last ones, oldest first',
    options: [
      ...filterOptions,
      ['--limit <n>', 'at most so many (50)'],
      ['--csv', 'comma-separated, safe to open in a spreadsheet'],
    ],
    examples: [
      'bg audit list --service shop --target production --since 2h',
      "bg audit list --actor alice --action 'approv*,rejected' --since 2026-03-01 --until 2026-03-07T18:00+01:00",
      'bg audit list --deployment d_c379 --limit 500 --json',
    ],
    run: onEngine(async ({ engine, screen }, _words, options) => {
      const limit = readCount('--limit', options.limit, { otherwise: 50, most: 10_000 });
      if (options.csv === true && screen.json) throw usageError('--csv and --json exclude each other.');
      const found = engine.audit.search(readFilter(options));
      if (!found.ok) return refused(screen, found.refusal);
      const rows = found.value.newest(limit).toReversed();
      if (options.csv === true) await screen.write(`${csvLine(columns)}${rows.map(csvRow).join('')}`);
      else screen.answer(rows, (shown, light) => auditLines(shown, light, { limit, archived: archivedRows(engine) }));
      return exitCodes.done;
    }),
  },
  {
    group: 'audit',
    usage: 'export',
    placeless: true,
    summary: 'write the audit log to stdout, oldest first, as JSON Lines or CSV; all of it without filters',
    options: [
      ...filterOptions,
      ['--csv', 'comma-separated, safe to open in a spreadsheet'],
      ['--jsonl', 'one JSON object per line (this is the default)'],
    ],
    examples: [
      'bg audit export --csv --since 7d > audit.csv',
      'bg audit export | tail -n 3',
      "bg audit export --service shop --action 'deployment-*'",
    ],
    run: onEngine(async ({ engine, screen, stop }, _words, options) => {
      const { header, format } = exportFormat(options);
      const found = engine.audit.search(readFilter(options));
      if (!found.ok) return refused(screen, found.refusal);
      const archived = archivedRows(engine);
      if (archived > 0) screen.aside(archivedSentence(archived));
      await screen.write(header);
      for (const rows of pages(found.value, archived)) {
        await screen.write(rows.map(format).join(''));
        if (stop.aborted) return exitCodes.stopped;
      }
      return exitCodes.done;
    }),
  },
];

function readFilter(options: Options): AuditQuery {
  const { service, target, deployment, actor, action, since, until } = options;
  const now = Date.now();
  return {
    service,
    target,
    deployment,
    actor,
    actions: action?.split(',').map((name) => name.trim()),
    since: since === undefined ? undefined : readMoment('--since', since, now),
    until: until === undefined ? undefined : readMoment('--until', until, now),
  };
}

interface Asked {
  readonly limit: number;
  readonly archived: number;
}

/** From the first row to this one, rows are in archives; 0: none is. */
const archivedRows = ({ audit }: Engine): number => audit.archives().at(-1)?.lastSeq ?? 0;

const archivedSentence = (rows: number): string =>
  `Rows 1 to ${rows} are in archives (bg state archive): they are not searched or exported here.`;

function auditLines(rows: readonly AuditRow[], { now, paint }: Light, { limit, archived }: Asked): readonly string[] {
  const beyond = rows.length === limit || archived === 0 ? [] : [paint.dim(archivedSentence(archived))];
  if (rows.length === 0) return ['No row of the audit log is like this.', ...beyond];
  const lines = rows.map(({ seq, at, actor, action, code, service, target, deploymentId, sentence }) => [
    String(seq),
    at > now - dayMs ? clockText(at) : dateText(at),
    shortName(actor),
    code === null ? action : `${action} (${code})`,
    service === null ? '' : target === null ? service : `${service}/${target}`,
    deploymentId ?? '',
    paint.dim(sentence),
  ]);
  const more = rows.length < limit ? [] : [paint.dim(`The last ${limit} rows; --limit shows more.`)];
  return [...tableLines(lines), ...more, ...beyond];
}

const dayMs = 24 * 60 * 60 * 1_000;
const pageRows = 500;

/** Rows of archives that stay here are left out: with them the copy would have gaps. */
function* pages(search: AuditSearch, archived: number): Generator<readonly AuditRow[]> {
  let seq = archived;
  for (;;) {
    const rows = search.after(seq, pageRows);
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
