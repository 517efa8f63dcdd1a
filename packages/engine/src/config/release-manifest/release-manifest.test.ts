import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readReleaseManifest } from './release-manifest.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-manifest-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const silent = {
  risk: 'normal',
  command: undefined,
  requiredEnv: [],
  envFormats: [],
  smokeTests: [],
  notes: undefined,
  templates: [],
};

const read = (text: string) => {
  writeFileSync(join(folder, 'bluegreen.release.yaml'), text);
  return readReleaseManifest(folder);
};

describe('the manifest of a release', () => {
  test('need not be there', () => {
    expect(readReleaseManifest(folder)).toBeUndefined();
  });

  test('may start with a byte order mark, and is UTF-8 and nothing else', () => {
    expect(read('\uFEFFnotes: New prices.\r\n')).toMatchObject({ notes: 'New prices.' });
    writeFileSync(join(folder, 'bluegreen.release.yaml'), Buffer.from('notes: Größe', 'latin1'));
    expect(() => readReleaseManifest(folder)).toThrow(/bluegreen\.release\.yaml is not UTF-8 text/);
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
      ...silent,
    });
  });

  test('says how the release is run, tested and explained', () => {
    const text = `
command: [node, --enable-source-maps, server.mjs]
requiredEnv: [PAYMENTS_URL]
templates: [config/app.yaml.hbs, nginx/site.conf]
notes: |
  Orders in cents.
  Nothing to do.
smokeTests:
  - { name: cents, path: /api/orders, body: { id: 1 }, method: POST, expect: { json: { cents: 100 } } }
`;
    expect(read(text)).toMatchObject({
      command: ['node', '--enable-source-maps', 'server.mjs'],
      requiredEnv: ['PAYMENTS_URL'],
      templates: ['config/app.yaml.hbs', 'nginx/site.conf'],
      notes: 'Orders in cents.\nNothing to do.',
      smokeTests: [
        { name: 'cents', body: '{"id":1}', timeoutMs: 10_000, expect: { status: 200, json: { cents: 100 } } },
      ],
    });
  });

  test('may say nothing of it', () => {
    expect(read('schema: {}')).toEqual({
      reads: undefined,
      writes: undefined,
      statements: undefined,
      smoke: undefined,
      ...silent,
    });
    expect(read('schema: { smoke: { command: [check] } }')?.smoke).toEqual({ argv: ['check'], limitMs: 60_000 });
  });

  test('is a plain file of bounded size', () => {
    expect(() => read(`notes: x\n${'# '.repeat(600_000)}`)).toThrow(/is 1172 KiB large; at most 128 KiB are read/);
    rmSync(join(folder, 'bluegreen.release.yaml'));
    symlinkSync('/dev/zero', join(folder, 'bluegreen.release.yaml'));
    expect(() => readReleaseManifest(folder)).toThrow(/bluegreen\.release\.yaml is no plain file/);
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
    ['comand: [node]', /release\.yaml:1:1 comand: "comand" is not a known key; did you mean "command"\?/],
    ['command: node server.mjs', /:1:10 command: expected a list of a program and its arguments, found a text/],
    [
      'requiredEnv: ["A B"]',
      /requiredEnv\[0\]: expected the name of a variable, or a mapping with name and format, found "A B"/,
    ],
    ['smokeTests: [{ name: a, path: / }, { name: a, path: /b }]', /:1:44 smokeTests\[1\]\.name: smokeTests\[0\] has/],
    ['smokeTests: [{ name: a, pth: / }]', /smokeTests\[0\]\.pth: "pth" is not a known key; did you mean "path"\?/],
    ['templates: [../secrets.hbs]', /templates\[0\]: expected a file in the release/],
    ['templates: [a//b]', /templates\[0\]: expected a file in the release/],
    ['templates: [app.yaml.hbs, app.yaml]', /templates\[1\]: templates\[0\] is rendered to the same file already/],
    ['templates: [a.hbs, a/b]', /templates\[0\]: a cannot be a file and a folder with files/],
    [`notes: ${'x'.repeat(2_001)}`, /notes: expected a text of at most 2000 characters/],
    ['notes: "a\\e[31m"', /notes: expected a text of at most 2000 characters without control characters/],
    ['schema: [', /release\.yaml:1:\d+ /],
    ['', /is empty/],
  ])('with a fault is refused, with its place: %s', (text, said) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'release-invalid', message: expect.stringMatching(said) }),
    );
  });
});
