// Cells that were computed before, in the temporary folder: a bench that is ended goes on from there. What is stored is
// found again only while the code of judge and bench, the numbers of runs and the seed are the same.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const code = ['../../packages/engine/src/analysis', '.'].map((folder) => join(import.meta.dirname, folder));

export interface StoredCells {
  readonly folder: string;
  /** The stored value, or the one that `compute` gives, which is stored then. */
  once<T>(key: unknown, compute: () => T): T;
  has(key: unknown): boolean;
}

export function openStoredCells(): StoredCells {
  const folder = join(tmpdir(), 'bg-bench-judge', digestOf(code.flatMap(sourcesIn)));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (key: unknown) => join(folder, `${digestOf([JSON.stringify(key)])}.json`);
  const read = (file: string): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  return {
    folder,
    has: (key) => read(fileOf(key)) !== undefined,
    once: (key, compute) => {
      const file = fileOf(key);
      const before = read(file);
      if (before !== undefined) return JSON.parse(before);
      const value = compute();
      writeFileSync(`${file}.part`, JSON.stringify(value));
      renameSync(`${file}.part`, file);
      return value;
    },
  };
}

const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));

const digestOf = (texts: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 16);
};
