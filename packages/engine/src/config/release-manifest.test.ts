import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readReleaseManifest } from './release-manifest.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-manifest-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (text: string) => {
  writeFileSync(join(folder, 'bluegreen.release.yaml'), text);
  return readReleaseManifest(folder);
};

describe('the manifest of a release', () => {
  test('need not be there', () => {
    expect(readReleaseManifest(folder)).toBeUndefined();
  });

  test('says what the release needs of the schema', () => {
    const text = `
schema:
  reads: [users.email, billing.invoices.total]
  writes: [orders]
  statements: db/statements.sql
  smoke: { command: [node, smoke.mjs], limit: 2m }
`;
    expect(read(text)).toEqual({
      reads: ['users.email', 'billing.invoices.total'],
      writes: ['orders'],
      statements: 'db/statements.sql',
      smoke: { argv: ['node', 'smoke.mjs'], limitMs: 120_000 },
    });
  });

  test('may say nothing of it', () => {
    expect(read('schema: {}')).toEqual({
      reads: undefined,
      writes: undefined,
      statements: undefined,
      smoke: undefined,
    });
    expect(read('schema: { smoke: { command: [check] } }')?.smoke).toEqual({ argv: ['check'], limitMs: 60_000 });
  });

  test.each([
    ['schema: { read: [users] }', /release\.yaml:1:11 schema\.read: "read" is not a known key; did you mean "reads"\?/],
    ['schema:\n  reads: users', /:2:10 schema\.reads: expected a list of tables and columns, found "users"/],
    ['schema:\n  reads: ["a b"]', /:2:11 schema\.reads\[0\]: expected a table or a column/],
    ['schema: { statements: ../other.sql }', /schema\.statements: expected a file in the release/],
    ['schema: { statements: /etc/passwd }', /schema\.statements: expected a file in the release/],
    [
      'schema: { smoke: { command: [] } }',
      /schema\.smoke\.command: expected a list of a program and its arguments, found an empty list/,
    ],
    ['schema: { smoke: { command: [x], limit: 5 } }', /schema\.smoke\.limit: expected/],
    ['schema: [', /release\.yaml:1:\d+ /],
    ['', /is empty/],
  ])('with a fault is refused, with its place: %s', (text, said) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'release-invalid', message: expect.stringMatching(said) }),
    );
  });
});
