// Ports for what a test starts later: several packages of tests run at a time, and demonstrations with them.

import { claimFreePorts } from '../free-ports.ts';

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** Free now, and given to no other test until this process ends. */
export function freePorts(count: number): Promise<readonly number[]> {
  return claimFreePorts(count);
}
