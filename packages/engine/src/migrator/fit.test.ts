import { describe, expect, it } from 'vitest';
import type { LedgerRow } from './database.ts';
import { fit } from './fit.ts';
import { aMigration } from './testing/a-migration.ts';

const print = { checksum: 'c', fingerprint: 'f' };
const row = (id: string, state: LedgerRow['state'], stages: readonly ('expand' | 'contract')[]): LedgerRow => ({
  id,
  state,
  during: undefined,
  files: Object.fromEntries(stages.map((stage) => [stage, print])),
  statementsDone: 0,
  cursor: undefined,
  rowsDone: 0,
  rowsTotal: undefined,
  problem: undefined,
  updatedAt: 0,
});

const expand = 'ALTER TABLE t ADD COLUMN b text';
const before = [aMigration('001_a', { expand })];
const after = [aMigration('001_a', { expand, contract: 'ALTER TABLE t DROP COLUMN a' })];

describe('whether a release can run on a schema', () => {
  it('it can while everything it contains is expanded and nothing is contracted', () => {
    const ledger = [row('001_a', 'ready', ['expand'])];
    for (const release of [before, after])
      expect(fit(release, ledger)).toMatchObject({ verdict: 'compatible', lost: [] });
  });

  it('it cannot before its own migrations are expanded, which a deployment can do', () => {
    expect(fit(before, [])).toMatchObject({ verdict: 'incompatible', lost: [] });
    expect(fit(before, [row('001_a', 'expanding', ['expand'])])).toMatchObject({ verdict: 'incompatible', lost: [] });
  });

  it('after a contract only releases that contain its file can; a started contract counts', () => {
    for (const state of ['done', 'contracting'] as const) {
      const ledger = [row('001_a', state, ['expand', 'contract'])];
      expect(fit(before, ledger)).toMatchObject({ verdict: 'incompatible', lost: ['001_a'] });
      expect(fit([], ledger)).toMatchObject({ verdict: 'incompatible', lost: ['001_a'] });
      expect(fit(after, ledger)).toMatchObject({ verdict: 'compatible' });
    }
  });

  it('names in advance the releases that a contract would break', () => {
    const ledger = [row('001_a', 'ready', ['expand'])];
    expect(fit(before, ledger, ['001_a']).lost).toEqual(['001_a']);
    expect(fit(after, ledger, ['001_a']).lost).toEqual([]);
  });

  it('a newer schema does not disturb an older release', () => {
    expect(fit(before, [row('001_a', 'ready', ['expand']), row('002_b', 'done', ['expand'])]).verdict).toBe(
      'compatible',
    );
  });
});
