// The settings of a target's database, with defaults filled in.

import { defaultDatabase } from './defaults.ts';
import { merge } from './draft.ts';
import type { ServiceOptions } from './schema-options.ts';
import type { DatabaseSettings } from './settings.ts';
import { parseDuration } from './units.ts';

export function resolveDatabase(file: ServiceOptions['database']): DatabaseSettings | undefined {
  if (!file) return undefined;
  const settings = merge(defaultDatabase, file);
  const { driver, url, scratch, applicationRole, migrations, table } = settings;
  const { lockTimeout, lockTotal, statementTimeout, rollbackFor, sharedTables } = settings;
  if (driver === undefined) throw new TypeError('the database was not checked before it was resolved');
  return {
    driver,
    url,
    scratch,
    applicationRole,
    migrations,
    table,
    lockTimeoutMs: parseDuration(lockTimeout),
    lockTotalMs: parseDuration(lockTotal),
    statementTimeoutMs: parseDuration(statementTimeout),
    rollbackForMs: parseDuration(rollbackFor),
    sharedTables,
    beforeContract: resolveCommand(settings.beforeContract),
  };
}

const defaultTimeout = '10m';

function resolveCommand(
  file: NonNullable<ServiceOptions['database']>['beforeContract'],
): DatabaseSettings['beforeContract'] {
  const [program, ...words] = file?.command ?? [];
  if (program === undefined) return undefined;
  return { argv: [program, ...words], timeoutMs: parseDuration(file?.timeout ?? defaultTimeout) };
}
