// A process is killed at each step of an archive, and the next one goes on: no row is lost, and none is in two files.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { verifyAudit } from '../audit-verification.ts';
import { setState } from '../testing/state.ts';
import { latestArchive } from './archives.ts';

const run = promisify(execFile);
const program = resolve(import.meta.dirname, 'testing/archive-and-die.ts');
const rows = 700;

/** Within what is written, and between. */
const ends = [
  ...['writing:3', 'written', 'read-back', 'named', 'recording', 'recorded'],
  ...['page-removing:4', 'removing:3', 'removed'],
];

it.each(ends)(
  'killed when it reached "%s"',
  async (end) => {
    const state = setState();
    try {
      state.store.write((tx) => {
        for (let row = 1; row <= rows; row += 1)
          tx.audit({
            actor: 'engine',
            action: row % 50 === 0 ? 'release-pruned' : 'resumed',
            sentence: `${row}`,
          } as never);
      });
      const hashes = state.db.$client.prepare('SELECT seq, hash FROM audit ORDER BY seq').all();
      const before = String(Date.now() + 1);
      const archive = (last: string) =>
        run(process.execPath, [program, state.folder, before, last], { timeout: 60_000 });
      await expect(archive(end)).rejects.toMatchObject({ signal: 'SIGKILL' });
      expect(verifyAudit(state.db)).toMatchObject({ intact: true });
      await archive('never');
      const made = latestArchive(state.db);
      expect(made).toMatchObject({ firstSeq: 1, lastSeq: rows, retained: rows / 50 });
      const folder = join(state.folder, 'archive');
      expect(readdirSync(folder).filter((name) => name.endsWith('.gz'))).toEqual([made?.file]);
      const lines = gunzipSync(readFileSync(join(folder, made?.file ?? '')))
        .toString()
        .trimEnd()
        .split('\n');
      expect(lines.map((line) => JSON.parse(line)).map(({ seq, hash }) => ({ seq, hash }))).toEqual(hashes);
      expect(verifyAudit(state.db)).toMatchObject({ intact: true, rows: rows + 1, archived: { rows, files: 1 } });
      expect(state.db.$client.prepare('SELECT count(*) FROM audit').pluck().get()).toBe(rows / 50 + 1);
    } finally {
      state.remove();
    }
  },
  120_000,
);
