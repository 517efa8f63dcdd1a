// The whole check of a large state takes seconds to minutes, so it runs in a process beside the one that drives.

import Database from 'better-sqlite3';
import { answerQuestions } from '../lib/companion.ts';
import { damageOf } from './database.ts';

answerQuestions((path) => {
  const client = new Database(String(path), { readonly: true, timeout: 5_000 });
  try {
    return damageOf(client) ?? null;
  } finally {
    client.close();
  }
});
