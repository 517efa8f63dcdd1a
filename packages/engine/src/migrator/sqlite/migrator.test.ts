import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSettings } from '../../config/database/settings.ts';
import { readReleaseManifest } from '../../config/release-manifest/release-manifest.ts';
import { systemClock } from '../../lib/clock.ts';
import { migratorContract } from '../migrator.contract.ts';
import { sqlite } from './descriptor.ts';

const limits = { lockTimeoutMs: 5_000, lockTries: 20, lockTotalMs: 60_000, statementTimeoutMs: 60_000 };

migratorContract('the migrator of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-migrator-'));
  const settings: DatabaseSettings = {
    driver: 'sqlite',
    url: '',
    scratch: undefined,
    migrations: 'migrations',
    table: 'schema_migrations',
    ...limits,
    rollbackForMs: 0,
    sharedTables: [],
    onlineTools: [],
    beforeContract: undefined,
  };
  const create = () =>
    sqlite.create({
      ...{ settings, limits, lockWaitMs: 60_000, clock: systemClock },
      address: () => `sqlite:${join(folder, 'shop.sqlite')}`,
      filledIn: (address) => address,
      manifestOf: readReleaseManifest,
      smokeEnv: {},
    });
  return {
    migrator: create(),
    another: create,
    folder,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
});
