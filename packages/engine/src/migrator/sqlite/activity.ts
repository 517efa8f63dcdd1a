// What is known of a SQLite file: it has no server that could be asked.

import { statSync } from 'node:fs';
import { processesWith } from '../../lib/open-files.ts';
import { type DatabaseActivity, sessionsOf } from '../activity.ts';

/** @param ownPid of the migrator's process */
export function readActivity(file: string, ownPid: number | undefined): DatabaseActivity {
  const pids = processesWith(file).filter((pid) => pid !== ownPid);
  const seen = pids.map((pid) => ({
    id: String(pid),
    who: 'a process',
    state: 'has the file open',
    seconds: 0,
    waitsFor: undefined,
    blockedBy: [],
    query: '',
  }));
  return {
    connections: undefined,
    ...sessionsOf(seen),
    replicas: [],
    indexBuilds: [],
    notSeen: [
      'statements, locks and connections: SQLite has no server that could be asked; the processes are those that have the file open',
      `the write-ahead log holds ${sizeOf(`${file}-wal`)} bytes, the database ${sizeOf(file)}`,
    ],
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
