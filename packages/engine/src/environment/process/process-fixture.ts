// A state folder, two free ports and releases of one small module each, for the tests of this driver.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { freePorts } from '../../lib/testing/ports.ts';
import { type EnvironmentFixture, processOf, talkingServer } from '../contract-fixture.ts';
import type { Environment, LaunchSettings, ReleaseFiles, SlotPlace } from '../environment.ts';
import { instancesOf, placeOn } from '../instances.ts';
import { folderMark } from '../launch-mark.ts';
import { createProcessEnvironment } from './driver.ts';
import { markedProcesses } from './launch.ts';
import { drained } from './log-pipe.ts';

export interface ProcessFixture extends EnvironmentFixture {
  readonly stateFolder: string;
  /** Every process alive that was started on this state folder. */
  readonly marked: () => readonly number[];
}

const settings: LaunchSettings = {
  command: ['node', 'server.mjs'],
  // The Node that runs the test; the slots need no other program.
  env: { PATH: dirname(process.execPath) },
  envFiles: [],
  requiredEnv: [],
  templates: [],
  graceMs: 10_000,
  settleMs: 150,
  minFreeDiskBytes: 1,
  minFreeMemoryBytes: 1,
  maxLogBytes: 10_000_000,
};

export async function makeProcessFixture(): Promise<ProcessFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-process-'));
  const stateFolder = join(folder, 'state');
  const another = (): Environment => createProcessEnvironment({ stateFolder, clock: systemClock, log: silentLog });
  const environment = another();
  const marked = (): readonly number[] => markedProcesses(folderMark(stateFolder)).map(({ pid }) => pid);
  const [bluePort = 0, greenPort = 0, ...others] = await freePorts(4);
  const blue: SlotPlace = { service: 'shop', target: 'production', slot: 'blue', port: bluePort };
  const green: SlotPlace = { ...blue, slot: 'green', port: greenPort };
  const several = placeOn(blue, [bluePort, ...others]);
  return {
    environment,
    another,
    stateFolder,
    folder,
    settings,
    marked,
    blue,
    green,
    pidOf: async ({ pid }) => pid,
    givenByPlatform: [],
    several,
    kill: async (instance) => {
      const seen = instancesOf(await environment.inspect(blue)).find((each) => each.instance === instance);
      if (seen?.kind === 'running') process.kill(-processOf(seen), 'SIGKILL');
    },
    release: (version, source = talkingServer) => layRelease(folder, version, source),
    close: async () => {
      for (const pid of marked()) process.kill(pid, 'SIGKILL');
      // The engine records their ends in the state folder: remove it only when no process is left.
      for (let attempt = 0; attempt < 1_000 && marked().length > 0; attempt++) await systemClock.sleep(20);
      for (const { file = '' } of [several, green].flatMap((place) => environment.logs(place)))
        await drained(file, systemClock);
      await systemClock.sleep(20);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function layRelease(folder: string, version: string, source: string): ReleaseFiles {
  const release = join(folder, 'releases', version);
  mkdirSync(release, { recursive: true });
  writeFileSync(join(release, 'server.mjs'), source);
  return { version, digest: `digest-of-${version}`, folder: release };
}
