import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeclaredNeeds } from '../../config/release-manifest/release-manifest.ts';
import { parseSqlite } from '../sqlite/parse.ts';
import { aMigration } from '../testing/a-migration.ts';
import { readNeeds } from './read-needs.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'bg-needs-')), 'v1');
  mkdirSync(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const silent: DeclaredNeeds = { reads: undefined, writes: undefined, statements: undefined, smoke: undefined };
const needs = (manifest: Partial<DeclaredNeeds> | undefined) =>
  readNeeds(
    {
      release: 'v1',
      runsNow: true,
      folder,
      manifest: manifest && { ...silent, ...manifest },
      migrations: [aMigration('003_nick', { expand: 'SELECT 1', contract: 'SELECT 2' })],
      env: { PORT: '1' },
    },
    parseSqlite,
  );

describe('what a release needs', () => {
  test('is read from its own files where it has no manifest', () => {
    expect(needs(undefined)).toMatchObject({
      declared: undefined,
      statements: [],
      files: ['003_nick.expand.sql', '003_nick.contract.sql'],
      smoke: undefined,
    });
  });

  test('is declared also if it only writes', () => {
    expect(needs({ writes: ['orders'] }).declared).toEqual({ reads: [], writes: ['orders'] });
  });

  test('holds its recorded statements, one by one, and its smoke command in its own folder', () => {
    writeFileSync(join(folder, 'statements.sql'), '-- shop\nSELECT 1;\n-- more\nSELECT 2;\n');
    const smoke = { argv: ['node', 'smoke.mjs'], limitMs: 5_000 } as const;
    expect(needs({ statements: 'statements.sql', smoke })).toMatchObject({
      statements: [expect.stringContaining('SELECT 1'), expect.stringContaining('SELECT 2')],
      smoke: { argv: ['node', 'smoke.mjs'], cwd: folder, env: { PORT: '1' }, timeoutMs: 5_000 },
    });
  });

  test('reads statements that begin with a byte order mark', () => {
    writeFileSync(join(folder, 'statements.sql'), '\ufeffSELECT 1;\n');
    expect(needs({ statements: 'statements.sql' }).statements).toEqual([expect.stringMatching(/^SELECT 1/)]);
  });

  test.each([
    ['no such file', () => {}, /statements\.sql cannot be read/],
    ['no SQL', () => writeFileSync(join(folder, 'statements.sql'), 'SELECT 1;\nSELEC 2;'), /statements\.sql:2: /],
    ['too much', () => writeFileSync(join(folder, 'statements.sql'), 'x'.repeat(2 << 20)), /larger than 1 MiB/],
    ['too many', () => writeFileSync(join(folder, 'statements.sql'), 'SELECT 1;'.repeat(5_001)), /more than 5000/],
    [
      'a link out of the release',
      () => {
        writeFileSync(join(folder, '../other.sql'), 'SELECT 1');
        symlinkSync('../other.sql', join(folder, 'statements.sql'));
      },
      /not in the release/,
    ],
  ])('is refused with %s', (_, prepare, said) => {
    prepare();
    expect(() => needs({ statements: 'statements.sql' })).toThrow(
      expect.objectContaining({ code: 'release-invalid', message: expect.stringMatching(said) }),
    );
  });
});
