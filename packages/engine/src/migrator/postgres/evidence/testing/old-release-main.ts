// The old release at work: runs its statements on DATABASE_URL, and fails naming how many of them failed.

import { Client } from 'pg';
import { oldStatements } from './old-release.ts';

const client = new Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
let failed = 0;
for (const [text, values] of oldStatements) {
  try {
    const { rowCount } = await client.query(text, [...values]);
    // What finds no row that it has written itself is broken as well.
    if (rowCount === 0 && !text.includes('JOIN')) throw new Error('no row');
  } catch {
    failed += 1;
  }
}
await client.end();
if (failed > 0) {
  process.stderr.write(`${failed} of ${oldStatements.length} statements failed\n`);
  process.exitCode = 1;
}
