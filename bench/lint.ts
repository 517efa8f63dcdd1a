// `npm run bench lint`: 10,000 statements of a release, read from its files and judged, in one process without a server.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintRelease } from '../packages/engine/src/compose/lint.ts';
import { bars } from './bars.ts';
import { type Bench, type Figure, median } from './figures.ts';

const files = 500;
const perFile = 20;
const rounds = 5;

/** Of a table that is there; about half have a hazard, and so a safe form that is printed. */
const statements: Readonly<Record<'postgres' | 'sqlite', readonly string[]>> = {
  postgres: [
    'ALTER TABLE t# ADD COLUMN a# text',
    'ALTER TABLE t# ADD COLUMN b# integer NOT NULL DEFAULT 0',
    'CREATE TABLE n# (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now())',
    'CREATE INDEX n#_name ON n# (lower(name)) WHERE name IS NOT NULL',
    "INSERT INTO settings (name, value) VALUES ('key #', 'value') ON CONFLICT (name) DO NOTHING",
    "CREATE VIEW v# AS SELECT id, name FROM n# WHERE at > now() - interval '1 day'",
    'CREATE INDEX t#_a ON t# (a, b)',
    'ALTER TABLE t# RENAME COLUMN a TO b',
    'ALTER TABLE t# ADD CONSTRAINT t#_check CHECK (a > 0 AND b IS NOT NULL)',
    'UPDATE t# SET a = lower(a) WHERE a <> lower(a)',
  ],
  sqlite: [
    'ALTER TABLE t# ADD COLUMN a# TEXT',
    'ALTER TABLE t# ADD COLUMN b# INTEGER NOT NULL DEFAULT 0',
    'CREATE TABLE n# (id INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT DEFAULT CURRENT_TIMESTAMP)',
    'CREATE INDEX n#_name ON n# (lower(name)) WHERE name IS NOT NULL',
    "INSERT INTO settings (name, value) VALUES ('key #', 'value') ON CONFLICT (name) DO NOTHING",
    "CREATE VIEW v# AS SELECT id, name FROM n# WHERE at > datetime('now', '-1 day')",
    'CREATE UNIQUE INDEX t#_a ON t# (a, b)',
    'ALTER TABLE t# RENAME COLUMN a TO b',
    'ALTER TABLE t# ADD CONSTRAINT t#_check CHECK (a > 0 AND b IS NOT NULL)',
    'UPDATE t# SET a = lower(a) WHERE a <> lower(a)',
  ],
};

export const lintBench: Bench = {
  title: 'lint',
  how: `${files} migrations with ${files * perFile} statements, half of them with a hazard and a safe form; files read, parsed by the database's own grammar, judged`,
  limitMs: 120_000,
  run: async (say, signal) => {
    const figures: Figure[] = [];
    for (const kind of ['postgres', 'sqlite'] as const) {
      if (signal.aborted) break;
      figures.push(...(await measured(kind, say)));
    }
    return { figures };
  },
};

async function measured(kind: 'postgres' | 'sqlite', say: (sentence: string) => void): Promise<readonly Figure[]> {
  const folder = release(kind);
  try {
    const took: number[] = [];
    let found = 0;
    for (let round = 0; round < rounds; round += 1) {
      const begun = performance.now();
      found = await lintOnce(folder, kind);
      took.push(performance.now() - begun);
    }
    say(`${kind}: ${found} findings; ${took.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);
    const figure = (name: string, value: number): Figure => ({
      name: `${kind}, ${name}`,
      unit: 'ms',
      value,
      peer: undefined,
      bar: bars.lint.tenThousandStatementsMs,
    });
    return [figure('the first time in the process', took[0] ?? Number.NaN), figure('median', median(took))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lintOnce(folder: string, kind: 'postgres' | 'sqlite'): Promise<number> {
  const report = await lintRelease(folder, kind);
  if (report.files !== files * 2) throw new Error(`only ${report.files} files were read`);
  return report.findings.length;
}

function release(kind: 'postgres' | 'sqlite'): string {
  const folder = mkdtempSync(join(tmpdir(), 'bg-bench-lint-'));
  const forms = statements[kind];
  for (let file = 1; file <= files; file += 1) {
    const text = Array.from(
      { length: perFile },
      (_, at) => `${(forms[at % forms.length] ?? '').replaceAll('#', `${file}_${Math.floor(at / forms.length)}`)};\n`,
    );
    const name = `${String(file).padStart(3, '0')}_case`;
    writeFileSync(join(folder, `${name}.expand.sql`), text.join(''));
    writeFileSync(join(folder, `${name}.revert.sql`), 'SELECT 1;\n');
  }
  return folder;
}
