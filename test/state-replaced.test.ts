// The state file is removed or replaced while a controller runs. That process may change nothing any more: the next
// controller works on the file that has the name, and the two know nothing of each other.

import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { backupState } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { type Driver, startDriver } from './support/drivers.ts';
import { alice, eventually, fastTarget, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const parts = ['', '-wal', '-shm'];
const fileOf = (stage: Stage): string => join(stage.settings.stateFolder, 'state.sqlite');

/** A backup is put back without stopping anything first: another file gets the name. */
async function putBack(stage: Stage): Promise<void> {
  const copy = join(stage.folder, 'copy.sqlite');
  await backupState(stage.settings.stateFolder, copy);
  for (const part of parts) rmSync(`${fileOf(stage)}${part}`, { force: true });
  renameSync(copy, fileOf(stage));
}

async function remove(stage: Stage): Promise<void> {
  for (const part of parts) rmSync(`${fileOf(stage)}${part}`, { force: true });
}

const stopsDriving = (driver: Driver): boolean => driver.lines.some((line) => line.includes('stops driving'));

describe.concurrent('a controller whose state file', () => {
  it.each([
    ['was removed', remove, /was removed while this process had it open/],
    ['was replaced', putBack, /was replaced by another file/],
  ] as const)(
    '%s stops acting, and only the next one works',
    async (_, replace, says) => {
      const stage = await setStage({ target: fastTarget });
      const drivers: Driver[] = [];
      const drive = (name: string): Driver => {
        const driver = startDriver(stage, name);
        drivers.push(driver);
        return driver;
      };
      try {
        const old = drive('old');
        const before = stage.open('before');
        await until(before, value(before.deploy({ version: 'v1.0', actor: alice })).id, finished, 60_000);
        const users = startUsers(stage.front);
        await replace(stage);
        await eventually(() => stopsDriving(old));
        expect(old.lines.join('\n')).toMatch(says);
        // What was opened before decides nothing any more, and says why.
        expect(() => before.deploy({ version: 'v2.1', actor: alice })).toThrow(says);

        drive('next');
        const after = stage.open('after');
        await eventually(() => after.status().driver?.includes('next') ?? false);
        await eventually(() => after.status().targets[0]?.routing.active !== undefined);
        const { id } = value(after.deploy({ version: 'v2.1', actor: alice }));
        expect((await until(after, id, finished, 60_000)).outcome).toMatchObject({ kind: 'promoted' });
        expect((await users.stop()).lost).toEqual([]);
        expect(after.audit.verify()).toMatchObject({ intact: true });
      } finally {
        for (const driver of drivers) await driver.kill('SIGTERM');
        await stage.strike();
      }
    },
    180_000,
  );
});
