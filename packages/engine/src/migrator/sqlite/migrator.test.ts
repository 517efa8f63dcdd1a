import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSettings } from '../../config/database/settings.ts';
import { readReleaseManifest } from '../../config/release-manifest/release-manifest.ts';
import { systemClock } from '../../lib/clock.ts';
import { createMigrator } from '../create-migrator.ts';
import { migratorContract } from '../migrator.contract.ts';
import { sqlite } from './descriptor.ts';

const limits = { lockTimeoutMs: 5_000, lockTries: 20, lockTotalMs: 60_000, statementTimeoutMs: 60_000 };

migratorContract('the migrator of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-migrator-'));
  const table = 'schema_migrations';
  const settings: DatabaseSettings = {
    driver: 'sqlite',
    url: '',
    scratch: undefined,
    migrations: 'migrations',
    table,
    ...limits,
    rollbackForMs: 0,
    sharedTables: [],
    onlineTools: [],
    beforeContract: undefined,
  };
  const create = () =>
    createMigrator({
      ...{ dialect: sqlite.dialect, folder: 'migrations', limits, lockWaitMs: 60_000, clock: systemClock },
      ...{ table, sharedTables: [], onlineTools: [], beforeContract: undefined },
      address: () => `sqlite:${join(folder, 'shop.sqlite')}`,
      filledIn: (address) => address,
      manifestOf: readReleaseManifest,
      smokeEnv: {},
      ...sqlite.create({ settings, filledIn: (url) => url, limits, clock: systemClock }),
    });
  return {
    migrator: create(),
    another: create,
    folder,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
});
