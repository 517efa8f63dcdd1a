// A file per slot that says whether the slot is live. It is right while no engine runs, too: a process that reads it needs
// nothing else. A folder of its own: everything else in the state folder is closed to the accounts of services.

import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotKey } from '../domain/target.ts';
import { readFileIfAny, writeFileAtomic } from '../lib/files.ts';
import type { LiveState, ProcessRoles } from './process-roles.ts';

export function createLiveFiles(stateFolder: string): Pick<ProcessRoles, 'liveFile' | 'setLive'> {
  const folder = join(stateFolder, 'live');
  const liveFile = ({ service, target, slot }: SlotKey): string => join(folder, `${service}.${target}.${slot}`);
  return {
    liveFile,
    setLive: (slot, state, { byOthers }) => {
      const content = `${state satisfies LiveState}\n`;
      if (readFileIfAny(liveFile(slot)) === content) return;
      if (byOthers) makePassable(stateFolder, folder);
      writeFileAtomic(liveFile(slot), content, byOthers ? 0o644 : 0o600);
    },
  };
}

/** Not listable: a service of another account may read the files that it was given the paths of. */
function makePassable(stateFolder: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const path of [stateFolder, folder]) {
    const { mode } = statSync(path);
    if ((mode & 0o011) !== 0o011) chmodSync(path, (mode & 0o7777) | 0o011);
  }
}
