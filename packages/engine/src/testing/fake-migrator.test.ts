// The fake migrator signs what the real one signs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../lib/clock.ts';
import { migratorContract } from '../migrator/migrator.contract.ts';
import { createFakeMigrators } from './fake-migrator.ts';

migratorContract('the fake migrator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bg-fake-'));
  const fakes = createFakeMigrators(systemClock);
  return {
    migrator: fakes.create(),
    another: fakes.create,
    folder,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
});
