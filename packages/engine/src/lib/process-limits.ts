// Limits of single processes, where no control group can be made: weaker, since each process may use the full limit,
// but the kernel enforces them all the same.

import { statSync } from 'node:fs';

export interface ProcessLimits {
  readonly memoryBytes?: number | undefined;
  /** Of all processes of the account together. */
  readonly pids?: number | undefined;
}

/** What a runtime reserves before it uses any of it, which the kernel counts: Node does not start below 600 MB. */
export const reserveBytes = 640 * 2 ** 20;

/** The program keeps its process id. Left as it is where there is no prlimit, or nothing to limit. */
export function withLimits(
  argv: readonly [string, ...string[]],
  { memoryBytes, pids }: ProcessLimits,
): readonly [string, ...string[]] {
  const options = [
    ...(memoryBytes === undefined ? [] : [`--data=${Math.floor(memoryBytes) + reserveBytes}`]),
    ...(pids === undefined ? [] : [`--nproc=${Math.floor(pids)}`]),
  ];
  const program = ['/usr/bin/prlimit', '/bin/prlimit'].find((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  return program === undefined || options.length === 0 ? argv : [program, ...options, ...argv];
}
