// The migrations of a release, read and checked: all problems are reported at once, with file and line.

import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { isMissing } from '../../lib/files.ts';
import { suggest } from '../../lib/suggest.ts';
import { asBackfill } from './backfill.ts';
import { type Directive, readAcceptances, readHeader } from './directives.ts';
import type { FileProblem, Migration, MigrationFiles, SqlFile, Stage } from './migration.ts';
import { type FileName, parseName, problemsOfNames } from './names.ts';
import { readText } from './text.ts';

const mostFiles = 10_000;

/** @param folder the folder of the release's migrations; one that does not exist is a release without any */
export function readMigrations(folder: string): MigrationFiles {
  const listed = listFiles(folder);
  const parsed = listed.names.map(parseName);
  const names = parsed.filter((name) => 'stage' in name);
  const files = names.map((name) => readFile(folder, name));
  const migrations = assemble(files);
  const problems = [
    ...listed.problems,
    ...parsed.filter((name) => 'problem' in name),
    ...problemsOfNames(names),
    ...files.flatMap((file) => file.problems),
    ...problemsOfRequirements(files, migrations),
  ];
  if (problems.length === 0) return { ok: true, migrations };
  const broken = new Set(files.flatMap(({ name, problems: own }) => (own.length > 0 ? [name.id] : [])));
  const readable = assemble(files.filter(({ name }) => !broken.has(name.id)));
  return { ok: false, problems: problems.sort(byPlace), readable };
}

/** `003_full_name.expand.sql:12: …`, one line. */
export function formatFileProblem({ file, line, problem }: FileProblem): string {
  return `${line === undefined ? file : `${file}:${line}`}: ${problem}`;
}

/** Files that are not SQL may be in the folder too: a README is welcome. */
function listFiles(folder: string): { readonly names: readonly string[]; readonly problems: readonly FileProblem[] } {
  const entries = entriesOf(folder);
  if (!Array.isArray(entries)) return { names: [], problems: [entries as FileProblem] };
  const sql = (entries as readonly Dirent[])
    .filter(({ name }) => /\.sql$/i.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const problems = [
    ...sql
      .filter((entry) => !entry.isFile())
      .map(({ name }) => ({
        file: name,
        line: undefined,
        problem: 'is no plain file: a release holds its migrations itself',
      })),
    ...(sql.length > mostFiles
      ? [{ file: folder, line: undefined, problem: `holds more than ${mostFiles} files` }]
      : []),
  ];
  return {
    names: sql
      .slice(0, mostFiles)
      .filter((entry) => entry.isFile())
      .map(({ name }) => name),
    problems,
  };
}

function entriesOf(folder: string): readonly Dirent[] | FileProblem {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    return { file: folder, line: undefined, problem: `cannot be read: ${messageOf(thrown)}` };
  }
}

interface ReadFile {
  readonly name: FileName;
  readonly sql: SqlFile | undefined;
  readonly directives: readonly Directive[];
  readonly problems: readonly FileProblem[];
}

function readFile(folder: string, name: FileName): ReadFile {
  const { file, stage } = name;
  const bytes = bytesOf(join(folder, file));
  if (typeof bytes === 'string')
    return {
      name,
      sql: undefined,
      directives: [],
      problems: [{ file, line: undefined, problem: `cannot be read: ${bytes}` }],
    };
  const { text, problems } = readText(file, bytes);
  if (text === undefined) return { name, sql: undefined, directives: [], problems };
  const header = readHeader(file, stage, text);
  const { accepted, problems: unreasoned } = readAcceptances(file, header.directives);
  const plain: SqlFile = {
    file,
    stage,
    text,
    checksum: createHash('sha256').update(text).digest('hex'),
    transaction: !header.directives.some((each) => each.name === 'no-transaction'),
    sync: header.directives.some((each) => each.name === 'sync'),
    accepted,
    ...onlineOf(header.directives),
  };
  const soFar = [...problems, ...header.problems, ...unreasoned];
  if (stage !== 'backfill') return { name, sql: plain, directives: header.directives, problems: soFar };
  // A file without a statement needs no list of missing directives.
  const { backfill, problems: missing } = asBackfill(plain, header.directives);
  return {
    name,
    sql: backfill,
    directives: header.directives,
    problems: problems.length > 0 ? soFar : [...soFar, ...missing],
  };
}

function onlineOf(directives: readonly Directive[]): Pick<SqlFile, 'online'> {
  const said = directives.find(({ name }) => name === 'online');
  return said === undefined ? {} : { online: said.value };
}

function bytesOf(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function assemble(files: readonly ReadFile[]): readonly Migration[] {
  const byId = Map.groupBy(files, ({ name }) => name.id);
  return [...byId.entries()]
    .map(([id, ofIt]) => {
      const sqlOf = (stage: Stage) => ofIt.find(({ name }) => name.stage === stage)?.sql;
      return {
        id,
        number: ofIt[0]?.name.number ?? 0,
        requires: [
          ...new Set(
            ofIt.flatMap(({ directives }) => directives.flatMap((each) => requiredIds(each).map(({ id }) => id))),
          ),
        ],
        expand: sqlOf('expand'),
        backfill: sqlOf('backfill') as Migration['backfill'],
        contract: sqlOf('contract'),
        revert: sqlOf('revert'),
      };
    })
    .sort((a, b) => a.number - b.number);
}

function requiredIds({ name, value, line }: Directive) {
  if (name !== 'requires') return [];
  return value
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((id) => ({ id, line }));
}

/** What is required comes earlier, in this release or in one whose migrations this release no longer contains. */
function problemsOfRequirements(files: readonly ReadFile[], migrations: readonly Migration[]): readonly FileProblem[] {
  const oldest = migrations[0]?.number ?? 0;
  return files.flatMap(({ name, directives }) =>
    directives.flatMap(requiredIds).flatMap(({ id, line }) => {
      const problem = (text: string) => [{ file: name.file, line, problem: text }];
      const number = Number.parseInt(id, 10);
      if (!/^\d{3,15}_[a-z0-9_]+$/.test(id)) return problem(`"${id}" is no id; expected a name such as 002_full_name`);
      if (number >= name.number) return problem(`requires ${id}, which does not come before it`);
      if (number < oldest || migrations.some((each) => each.id === id)) return [];
      const known = migrations.map((each) => each.id);
      return problem(`requires ${id}, which does not exist; did you mean ${suggest(id, known, 'any')}?`);
    }),
  );
}

function byPlace(a: FileProblem, b: FileProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}
