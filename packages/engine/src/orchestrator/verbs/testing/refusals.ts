// What holds for every refusal: nothing that was decided changes, and one audit row names the rule and who asked.

import { expect } from 'vitest';
import type { Engine } from '../../../api/engine.ts';
import type { Refusal, Result } from '../../../domain/refusal.ts';
import type { Store } from '../../../state/store.ts';

/** Everything else was decided by people or the engine: a table that is added later is held to it as well. */
const undecided = ['audit', 'heads', 'leases', 'cursors', 'outbox', 'seen', 'strangers', 'meta', 'sqlite_sequence'];

export function decidedRows({ db: { $client: client } }: Pick<Store, 'db'>): string {
  const tables = client.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all();
  const rows = (tables as string[])
    .filter((table) => !undecided.includes(table))
    .map((table) => [table, client.prepare(`SELECT * FROM "${table}"`).all()]);
  return JSON.stringify(rows);
}

export interface Asked {
  readonly store: Pick<Store, 'db'>;
  readonly audit: Engine['audit'];
}

/** @returns the refusal, for its sentence and hint */
export async function refusalOf(
  { store, audit }: Asked,
  act: () => Result<unknown> | Promise<Result<unknown>>,
  code: string,
): Promise<Refusal> {
  const before = decidedRows(store);
  const seq = audit.after(0, 10_000).at(-1)?.seq ?? 0;
  const answer = await act();
  expect(answer.ok ? 'ok' : answer.refusal.code).toBe(code);
  expect(decidedRows(store)).toBe(before);
  expect(audit.after(seq, 10)).toMatchObject([{ action: 'refused', code }]);
  if (answer.ok) throw new Error('it was not refused');
  expect(answer.refusal.sentence).not.toMatch(/undefined|null|\[object/);
  return answer.refusal;
}
