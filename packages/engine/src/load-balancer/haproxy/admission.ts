// Which instances of a side HAProxy may send requests to. Its memory holds this, so it is said again after each start.

import type { CommandSession } from '../../lib/command-socket.ts';

export interface ServersOfSide {
  readonly backend: string;
  /** Names of servers. */
  readonly admitted: readonly string[];
  readonly leftOut: readonly string[];
}

/** True when HAProxy shows every server as wanted. */
export async function admitServers(session: CommandSession, side: ServersOfSide): Promise<boolean> {
  const { backend, admitted, leftOut } = side;
  const present = await leftOutNow(session, backend);
  if (present === undefined) return false;
  for (const server of leftOut)
    if (!present.has(server)) await session.ask(`set server ${backend}/${server} state maint`);
  for (const server of admitted)
    if (present.has(server)) await session.ask(`set server ${backend}/${server} state ready`);
  const seen = await leftOutNow(session, backend);
  return seen !== undefined && leftOut.every((each) => seen.has(each)) && !admitted.some((each) => seen.has(each));
}

/** Set by a command, in HAProxy's own numbers (`srv_admin_state`). */
const forcedMaintenance = 1;

/** Undefined: it does not know the backend. */
async function leftOutNow(session: CommandSession, backend: string): Promise<ReadonlySet<string> | undefined> {
  const [, head = '', ...rows] = (await session.ask(`show servers state ${backend}`)).split('\n');
  const names = head.replace(/^# /, '').split(' ');
  const [name, admin] = [names.indexOf('srv_name'), names.indexOf('srv_admin_state')];
  if (name < 0 || admin < 0) return undefined;
  const cells = rows.map((row) => row.split(' '));
  const out = cells.filter((row) => (Number(row[admin]) & forcedMaintenance) !== 0);
  return new Set(out.map((row) => row[name] ?? ''));
}
