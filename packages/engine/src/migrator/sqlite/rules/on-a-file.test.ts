// The examples of docs/hazards on real files: each hazard shows, and each safe form does not.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type Example, examplesFor, givenFor } from '../../testing/hazard-pages.ts';
import { type Section, sectionsOf } from '../../testing/sections.ts';
import { parseSqlite } from '../parse.ts';

type Connection = InstanceType<typeof Database>;
const examples = examplesFor('sqlite').filter(({ proof }) => proof !== 'told');
const deletes = ['ban-delete-all'];

describe('a hazard', () => {
  it.each(examples)('shows: $rule', (example) => {
    onStage((migrator, old) => {
      if (example.proof === 'refused') return expect(() => runAll(migrator, example.unsafe)).toThrow();
      const before = outcomes(old, example);
      if (example.proof === 'waits') return expect(whileOpen(migrator, old, example)).toContain('SQLITE_BUSY');
      runAll(migrator, example.unsafe);
      expect(outcomes(old, example)).not.toEqual(before);
    });
  });
});

describe('a safe form', () => {
  it.each(examples.filter(({ safe }) => safe !== undefined))('is harmless: $rule', (example) => {
    onStage((migrator, old) => {
      const before = outcomes(old, example);
      for (const section of sectionsOf(example.safe ?? '')) {
        if (section.stage === 'contract' && example.filled !== undefined) migrator.exec(example.filled);
        runAll(migrator, [section]);
        const isSame = section.stage !== 'contract' && !deletes.includes(example.rule);
        if (isSame) expect(outcomes(old, example), section.text).toEqual(before);
      }
      expect(migrator.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(migrator.pragma('foreign_key_check')).toEqual([]);
    });
  });
});

describe('triggers that keep a renamed column in step', () => {
  const safe = sectionsOf(examples.find(({ rule }) => rule === 'renaming-column')?.safe ?? '');
  const both = 'SELECT name, email, mail FROM users WHERE id = ?';

  it('follow whichever release writes', () => {
    onStage((migrator, old) => {
      runAll(migrator, safe.slice(0, 1));
      old.exec(`UPDATE users SET email = 'old@x' WHERE id = 1; UPDATE users SET mail = 'new@x' WHERE id = 2;
        INSERT INTO users (id, name, email) VALUES (5001, 'by the old', 'a@x');
        INSERT INTO users (id, name, mail) VALUES (5002, 'by the new', 'b@x')`);
      const of = (id: number): unknown => old.prepare(both).get(id);
      expect(of(1)).toMatchObject({ email: 'old@x', mail: 'old@x' });
      expect(of(2)).toMatchObject({ email: 'new@x', mail: 'new@x' });
      expect(of(5001)).toMatchObject({ email: 'a@x', mail: 'a@x' });
      expect(of(5002)).toMatchObject({ email: 'b@x', mail: 'b@x' });
      runAll(migrator, safe.slice(1, 2));
      expect(old.prepare('SELECT count(*) AS n FROM users WHERE mail IS NOT email').get()).toEqual({ n: 0 });
    });
  });
});

/** A file as the pages say, with a connection that migrates and one of the old release. */
function onStage(act: (migrator: Connection, old: Connection) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'bg-sqlite-rules-'));
  const migrator = new Database(join(folder, 'app.db'));
  try {
    migrator.pragma('journal_mode = WAL');
    migrator.exec(givenFor('sqlite'));
    const old = new Database(join(folder, 'app.db'), { timeout: 0 });
    try {
      act(migrator, old);
    } finally {
      old.close();
    }
  } finally {
    migrator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function runAll(migrator: Connection, sections: readonly Section[]): void {
  for (const section of sections) migrator.transaction(() => runStatements(migrator, section))();
}

/** A backfill in one batch. */
function runStatements(migrator: Connection, { text }: Section): void {
  const parsed = parseSqlite(text);
  if (!parsed.ok) throw new Error(parsed.problem.problem);
  for (const { text: sql } of parsed.statements) migrator.exec(sql.replace(':from', '0').replace(':to', '1000000000'));
}

/** What each statement of the old release answers; nothing of it stays. */
function outcomes(old: Connection, { old: statements }: Example): readonly string[] {
  return statements.map((statement) => {
    try {
      old.exec('BEGIN');
      const prepared = old.prepare(statement);
      return `${statement}: ${JSON.stringify(prepared.reader ? prepared.all() : prepared.run().changes)}`;
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      if (old.inTransaction) old.exec('ROLLBACK');
    }
  });
}

/** What the old release gets while the migration's transaction is open. */
function whileOpen(migrator: Connection, old: Connection, example: Example): readonly string[] {
  migrator.exec('BEGIN IMMEDIATE');
  for (const section of example.unsafe) runStatements(migrator, section);
  const during = outcomes(old, example);
  migrator.exec('ROLLBACK');
  return during;
}
