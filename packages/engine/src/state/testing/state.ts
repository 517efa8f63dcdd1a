// A real state file in a temporary folder, for the tests of this room and of the rooms above it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TargetKey } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Db, openDatabase } from '../database.ts';
import { createStore, type Store } from '../store.ts';
import { ensureTarget } from '../targets.ts';

export const shop: TargetKey = { service: 'shop', target: 'production' };

export interface TestState {
  readonly folder: string;
  readonly db: Db;
  readonly store: Store;
  /** Another connection on the same file, as another process would have. */
  another(): { readonly db: Db; readonly store: Store };
  remove(): void;
}

export function setState({
  clock = systemClock,
  redact = (text: string) => text,
}: {
  readonly clock?: Clock;
  readonly redact?: (text: string) => string;
} = {}): TestState {
  const folder = mkdtempSync(join(tmpdir(), 'bg-state-'));
  const opened: Db[] = [];
  function another() {
    const db = openDatabase(folder);
    opened.push(db);
    return { db, store: createStore({ db, clock, redact, committed: () => undefined }) };
  }
  const first = another();
  first.store.note((db, now) => ensureTarget(db, shop, now));
  return {
    folder,
    ...first,
    another,
    remove: () => {
      for (const db of opened) db.$client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Time that a test moves by hand; waiting is real. `jump`: a person sets the wall clock. */
export function movableClock(): Clock & { advance(ms: number): void; jump(ms: number): void } {
  let ahead = 0;
  let jumped = 0;
  return {
    now: () => Date.now() + ahead + jumped,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: systemClock.sleep,
    advance: (ms) => {
      ahead += ms;
    },
    jump: (ms) => {
      jumped += ms;
    },
  };
}
