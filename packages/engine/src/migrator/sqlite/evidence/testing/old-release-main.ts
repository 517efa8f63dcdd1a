// The old release at work: runs its statements on DATABASE_URL, and fails naming how many of them failed.

import Database from 'better-sqlite3';
import { oldStatements } from './old-release.ts';

const database = new Database((process.env.DATABASE_URL ?? '').replace('sqlite:', ''), { fileMustExist: true });
database.pragma('foreign_keys = ON');
let failed = 0;
for (const [text, values] of oldStatements) {
  try {
    const statement = database.prepare(text);
    if (statement.reader) statement.all(...values);
    else if (statement.run(...values).changes === 0) throw new Error('no row');
  } catch {
    failed += 1;
  }
}
database.close();
if (failed > 0) {
  process.stderr.write(`${failed} of ${oldStatements.length} statements failed\n`);
  process.exitCode = 1;
}
