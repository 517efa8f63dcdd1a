// The process in which SQLite works: better-sqlite3 is synchronous and cannot be interrupted, so a long statement would
// stop the engine's event loop, and no limit could end it. Here it stops no other work; SQLite rolls back what a killed
// process left open. Two files: the application's, and the one whose lock is the migrators'.

import Database from 'better-sqlite3';
import { answerQuestions } from '../../lib/companion.ts';
import type { Answer, Question, Row } from './connection.ts';

const [application = '', lock = ''] = process.argv.slice(2);
const files = { application, lock };
const open: Partial<Record<keyof typeof files, Database.Database>> = {};

answerQuestions((question): Answer => {
  try {
    return answer(question as Question);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'UNKNOWN';
    return { problem: { code, message: thrown instanceof Error ? thrown.message : String(thrown) } };
  }
});

function answer({ file, sql, parameters, wants, busyMs }: Question): Answer {
  open[file] ??= openFile(files[file]);
  const database = open[file];
  database.pragma(`busy_timeout = ${Math.round(busyMs)}`);
  if (wants === 'nothing') {
    database.exec(sql);
    return { rows: [], inTransaction: database.inTransaction };
  }
  const rows = database.prepare(sql).all(...parameters) as readonly Row[];
  return { rows, inTransaction: database.inTransaction };
}

function openFile(path: string): Database.Database {
  try {
    return new Database(path);
  } catch (thrown) {
    // For a missing folder better-sqlite3 throws a TypeError without a code.
    if (thrown instanceof TypeError) throw Object.assign(thrown, { code: 'SQLITE_CANTOPEN' });
    throw thrown;
  }
}
