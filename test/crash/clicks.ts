// Clicks of several people on one card, from several processes at one moment.

import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { DeploymentRef } from '@bg/engine';
import type { Stage } from '../support/stage.ts';

export interface Click {
  readonly verb: 'approve' | 'reject' | 'abort' | 'promote' | 'rollback';
  readonly person: string;
  /** As the card was drawn. */
  readonly ref: DeploymentRef;
}

export interface Answered {
  readonly verb: Click['verb'];
  readonly person: string;
  readonly code: string;
}

const program = resolve(import.meta.dirname, 'clicks-process.ts');
const run = promisify(execFile);
/** For the slowest of the processes to start. */
const startMs = 6_000;

/** Each of `processes` makes its share of the clicks. @returns all answers */
export async function clickAtOnce(
  { folder }: Stage,
  clicks: readonly Click[],
  processes: number,
): Promise<readonly Answered[]> {
  const at = String(Date.now() + startMs);
  const shares = Array.from({ length: processes }, (_, first) =>
    clicks.filter((_, each) => each % processes === first),
  );
  const outputs = await Promise.all(
    shares.map((share) =>
      run(process.execPath, [program, join(folder, 'bluegreen.yaml'), at, JSON.stringify(share)], { timeout: 120_000 }),
    ),
  );
  return outputs.flatMap(({ stdout }) => JSON.parse(stdout) as Answered[]);
}
