// The audit log: proving it. Its rows are listed in audit-rows.ts.

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AuditHead, AuditVerification, Engine, FilesVerification } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import type { Screen } from '../screen.ts';
import { onEngine } from '../session.ts';
import type { Light } from '../show/light.ts';
import { usageError } from '../usage.ts';
import { auditRows } from './audit-rows.ts';
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
      ['--archives <folder>', 'read the files of `bg state archive` in this folder too: the whole log as one chain'],
      ['--head <row:hash>', 'a head as it was published in the channel: what this file says of itself is not enough'],
      ['--heads <file>', 'every head in a file, such as audit.headsFile: one <row:hash> in each line'],
    ],
    examples: [
      'bg audit verify',
      'bg audit verify --full',
      'bg audit verify --json',
      `bg audit verify --head 412:${'0'.repeat(64)}`,
      'bg audit verify --heads /mnt/elsewhere/heads.txt',
      'bg audit verify --full --archives /mnt/archive',
    ],
    run: onEngine(async ({ engine, screen }, _words, options) => {
      const one = options.head === undefined ? [] : [readHead(options.head)];
      const heads = [...one, ...headsIn(options.heads)];
      // A head from outside proves the rows before it only where each of them is walked.
      const isWhole = options.full === true || heads.length > 0 || options.archives !== undefined;
      const files = options.archives === undefined ? undefined : await readArchives(engine, heads, options.archives);
      const verification = isWhole ? engine.audit.verify(heads, walked(screen)) : engine.audit.verifySinceLast();
      const shipped = engine.audit.shipped();
      screen.answer({ ...verification, ...(files && { files }), shipped }, (_, light) => [
        ...(files === undefined ? [] : filesLines(files, light)),
        ...verificationLines(verification, light),
        ...archivedLines(verification, files),
        ...shippedLines(shipped, verification.rows),
      ]);
      return verification.intact && files?.intact !== false ? exitCodes.done : exitCodes.failed;
    }),
  },
  ...auditRows,
];

async function readArchives(engine: Engine, outside: readonly AuditHead[], folder: string): Promise<FilesVerification> {
  if (!existsSync(folder)) throw usageError(`--archives: there is no folder ${folder}`);
  return engine.audit.verifyArchives(resolve(folder), { outside });
}

function filesLines(files: FilesVerification, { paint }: Light): readonly string[] {
  if (!files.intact) return [`${paint.red('✗ broken')} at row ${files.seq}, in an archive: ${files.problem}`];
  if (files.files === 0) return ['No row of this log was archived: there is no file to read.'];
  return [`${paint.green('✓ intact')}: rows 1 to ${files.rows} in ${files.files} archives`];
}

function archivedLines(verification: AuditVerification, files: FilesVerification | undefined): readonly string[] {
  if (!verification.intact || verification.archived === undefined) return [];
  const { rows, files: number, heads } = verification.archived;
  const compared = heads === 0 ? '' : `; ${heads} of the given heads can only be compared there`;
  return files === undefined
    ? [`Rows 1 to ${rows} are in ${number} archives, which were not read${compared} (--archives <folder>).`]
    : [`The rows of this state follow them, from row ${rows + 1} on.`];
}

const sayEveryRows = 500_000;

/** A log of millions of rows takes a minute or so. */
const walked =
  (screen: Screen) =>
  (seq: number): void => {
    if (seq % sayEveryRows === 0) screen.aside(`${seq} rows walked …`);
  };

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
