// Who listens on a port: /proc/net/tcp gives the socket's inode, /proc/<pid>/fd the process that holds it.

import { holdersOf, processStat, programName, readProc } from './proc-fs.ts';

export interface PortHolder {
  /** Undefined when the process belongs to another user and may not be inspected. */
  readonly pid: number | undefined;
  readonly program: string;
}

/** The process that listens on this TCP port, on any address; undefined when none does. */
export function portHolder(port: number): PortHolder | undefined {
  const sockets = ['net/tcp', 'net/tcp6'].flatMap((table) => listenersOn(port, readProc(table) ?? ''));
  const [first] = sockets;
  if (!first) return undefined;
  const pid = outermost(holdersOf(new Set(sockets.map(({ inode }) => inode))));
  if (pid === undefined) return { pid, program: `a program of user ${first.uid}` };
  return { pid, program: programName(pid) };
}

/** For a sentence: `pid 4711 (nginx)`. */
export function describeHolder({ pid, program }: PortHolder): string {
  return pid === undefined ? program : `pid ${pid} (${program})`;
}

/** Rows of /proc/net/tcp in the state LISTEN whose local port is this one. */
export function listenersOn(port: number, table: string): readonly { inode: string; uid: string }[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (state !== '0A' || !local?.endsWith(wanted) || uid === undefined || inode === undefined) return [];
    return [{ inode, uid }];
  });
}

/** Workers inherit the socket of the process that opened it: the one whose parent does not hold it is meant. */
function outermost(pids: readonly number[]): number | undefined {
  const holders = new Set(pids);
  return pids.find((pid) => !holders.has(processStat(pid)?.parent ?? 0)) ?? pids[0];
}
