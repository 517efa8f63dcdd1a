// What every database's driver promises, tried against the real thing.

import { afterEach, beforeEach, describe } from 'vitest';
import { backfillContract } from './backfill.ts';
import { catalogContract } from './catalog.ts';
import { crashContract } from './crash.ts';
import { type DatabaseFixture, type Stage, setStage } from './fixture.ts';
import { ledgerContract } from './ledger.ts';
import { lockContract } from './lock.ts';
import { runContract } from './run.ts';
import { sharedContract } from './shared.ts';

export type { DatabaseFixture } from './fixture.ts';

export function databaseContract(name: string, makeFixture: () => Promise<DatabaseFixture>): void {
  describe(`${name} as an application's database`, () => {
    let present: Awaited<ReturnType<typeof setStage>> | undefined;
    const stage = (): Stage => {
      if (!present) throw new Error('the stage is set before each test');
      return present;
    };
    beforeEach(async () => {
      present = await setStage(makeFixture);
    });
    afterEach(async () => {
      await present?.clear();
      present = undefined;
    });
    ledgerContract(stage);
    lockContract(stage);
    runContract(stage);
    backfillContract(stage);
    catalogContract(stage);
    sharedContract(stage);
    crashContract(stage);
  });
}
