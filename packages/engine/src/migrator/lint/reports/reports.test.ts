import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lintRelease } from '../../lint-release.ts';
import { postgresDialect } from '../../postgres/dialect.ts';
import { githubReport } from './github.ts';
import { jsonReport } from './json.ts';
import { isStopping, type LintReport } from './report.ts';
import { sarifReport } from './sarif.ts';
import { textReport } from './text.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-reports-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function lint(files: Readonly<Record<string, string>>): Promise<LintReport> {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return lintRelease(folder, postgresDialect, { shownAs: 'db/migrations/' });
}

const release = {
  '001_mail.expand.sql':
    '-- @accept opaque-sql: seen by the whole team\nALTER TABLE users RENAME COLUMN email TO mail;\n\nDO $$ BEGIN NULL; END $$;\n',
  '001_mail.revert.sql': 'SELECT 1;\n',
  '002_nick.expand.sql': '-- @accept renaming-table: no longer so\nALTER TABLE users ADD COLUMN nick text;\n',
};

describe('a report for people', () => {
  it('says where, what breaks, and what to do instead', async () => {
    const text = textReport(await lint(release));
    expect(text).toContain(
      [
        'db/migrations/001_mail.expand.sql:2  error  renaming-column (breaks the old release)',
        '  the old release asks for users.email, which is called mail now; these migrations do not show what users.email has: carry NOT NULL, default, indexes, constraints and views over to mail before the contract',
        '  | ALTER TABLE users RENAME COLUMN email TO mail',
        '  instead:',
        '    -- expand:',
      ].join('\n'),
    );
    expect(text).toContain('001_mail.expand.sql:4  accepted  opaque-sql');
    expect(text).toContain('  taken on: seen by the whole team\n');
    expect(text).toContain('002_nick.expand.sql:1  error  missing-revert');
    expect(text).toContain('    -- revert:\n    ALTER TABLE users DROP COLUMN nick;');
    expect(text).toContain('002_nick.expand.sql:1  warning  unused-accept');
    expect(text.trimEnd()).toMatch(/\n3 files checked: 2 errors, 0 to review, 1 warning, 1 accepted$/);
  });

  it('counts by rule when there is much, and reports a fact of many files in one line', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [
        `${String(at + 1).padStart(3, '0')}_a${at}.expand.sql`,
        `ALTER TABLE t RENAME COLUMN a${at} TO b${at};\n`,
      ]),
    );
    const text = textReport(await lint(many));
    expect(text.match(/missing-revert/g)).toHaveLength(2);
    expect(text).toContain('12 files  error  missing-revert: from 001_a0.expand.sql to 012_a11.expand.sql');
    expect(text).toMatch(/\n {4}12 {2}missing-revert in 12 files\n/);
    expect(text).toMatch(/\n {4}12 {2}renaming-column in 12 files\n/);
  });

  it('reports a file that cannot be read in addition to what is found in the others', async () => {
    const found = await lint({
      ...release,
      '2_short.expand.sql': 'SELECT 1;\n',
      '003_x.expand.sql': '-- @acept a: b\nSELECT 1;\n',
      '004_empty.expand.sql': '',
      '009_late.contract.sql': 'DROP TABLE t;\n',
    });
    expect(found.findings.map(({ rule, file }) => `${file} ${rule}`)).toEqual(
      expect.arrayContaining([
        '2_short.expand.sql invalid-file',
        '003_x.expand.sql invalid-file',
        '004_empty.expand.sql invalid-file',
        '009_late.contract.sql invalid-file',
        '001_mail.expand.sql renaming-column',
      ]),
    );
    expect(found.findings).not.toContainEqual(
      expect.objectContaining({ rule: 'missing-revert', file: '003_x.expand.sql' }),
    );
  });

  it('is one line when there is nothing to say', async () => {
    const report = await lint({
      '001_a.expand.sql': 'CREATE TABLE t (a int);\n',
      '001_a.revert.sql': 'DROP TABLE t;\n',
    });
    expect(textReport(report)).toBe('2 files checked: nothing to say\n');
  });

  it('lets no file move the reader’s screen', async () => {
    const report = await lint({ '001_a.contract.sql': 'ALTER TABLE users RENAME COLUMN a TO "\u001b[2J\u202eb";\n' });
    for (const text of [textReport(report), githubReport(report)])
      for (const sign of ['\u001b', '\u202e']) expect(text.includes(sign)).toBe(false);
  });
});

describe('a report for programs', () => {
  it('holds the findings with their counts', async () => {
    const report = await lint(release);
    const read = JSON.parse(jsonReport(report));
    expect(read).toMatchObject({
      version: 1,
      folder: 'db/migrations/',
      errors: 2,
      reviews: 0,
      warnings: 1,
      accepted: 1,
    });
    expect(read.findings).toEqual(JSON.parse(JSON.stringify(report.findings)));
    expect(report.findings.filter(isStopping).map(({ rule }) => rule)).toEqual(['renaming-column', 'missing-revert']);
  });
});

describe('a report for GitHub', () => {
  it('is one annotation per finding', async () => {
    const lines = githubReport(await lint(release))
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /^::error file=db\/migrations\/001_mail\.expand\.sql,line=2,title=renaming-column::the old release asks .*%0A/,
    );
    expect(lines[1]).toMatch(/^::notice file=.*,line=4,title=opaque-sql::.*taken on: seen by the whole team/);
  });

  it('lets no file write a command', async () => {
    const name = 'a%0A::add-mask::x\n::set-env name=A::b';
    const text = githubReport(
      await lint({ '001_a.contract.sql': `ALTER TABLE users RENAME COLUMN "${name}" TO b;\n` }),
    );
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    expect(text).toContain('a%250A::add-mask::x%0A::set-env');
  });
});

describe('a SARIF report', () => {
  it('has what the standard requires', async () => {
    const log = JSON.parse(sarifReport(await lint(release)));
    expect(log.version).toBe('2.1.0');
    expect(log.$schema).toContain('sarif-2.1.0');
    const [run] = log.runs;
    expect(run.tool.driver.name).toBeTypeOf('string');
    const ids = run.tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const result of run.results) {
      expect(result.message.text).toBeTypeOf('string');
      expect(['none', 'note', 'warning', 'error']).toContain(result.level);
      expect(ids[result.ruleIndex]).toBe(result.ruleId);
      const [{ physicalLocation: place }] = result.locations;
      expect(place.artifactLocation.uri).toMatch(/^db\/migrations\/00\d_\w+\.expand\.sql$/);
      expect(place.region.startLine).toBeGreaterThanOrEqual(1);
    }
  });

  it('carries the reason of what was taken on', async () => {
    const log = JSON.parse(sarifReport(await lint(release)));
    const taken = log.runs[0].results.filter((each: { suppressions: unknown[] }) => each.suppressions.length > 0);
    expect(taken).toHaveLength(1);
    expect(taken[0]).toMatchObject({
      ruleId: 'opaque-sql',
      suppressions: [{ kind: 'inSource', justification: 'seen by the whole team' }],
    });
  });

  it('knows a finding again after lines were added above it', async () => {
    const prints = async (): Promise<unknown[]> =>
      JSON.parse(sarifReport(await lint(release))).runs[0].results.map(
        (each: { partialFingerprints: unknown }) => each.partialFingerprints,
      );
    const before = await prints();
    writeFileSync(join(folder, '001_mail.expand.sql'), `-- more\n-- lines\n${release['001_mail.expand.sql']}`);
    const after = JSON.parse(sarifReport(await lintRelease(folder, postgresDialect))).runs[0].results;
    expect(after.map((each: { partialFingerprints: unknown }) => each.partialFingerprints)).toEqual(before);
  });
});
