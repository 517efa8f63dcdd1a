// A release's own smoke command on the migrated copy: the one layer that meets triggers, constraints and rights at work.

import { messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import { maskIn, secretsIn } from '../address.ts';
import type { ReleaseNeeds } from './needs.ts';
import type { Coverage, Evidence } from './report.ts';
import type { ScratchCopy } from './scratch.ts';

export interface SmokeOutcome {
  readonly smoke: Coverage['smoke'];
  readonly evidence: readonly Evidence[];
}

/** Each on a copy of its own: one release's rows are not in another's way. */
export async function runSmoke(copy: ScratchCopy, release: ReleaseNeeds, signal: AbortSignal): Promise<SmokeOutcome> {
  const { smoke } = release;
  if (smoke === undefined) return { smoke: 'absent', evidence: [] };
  return copy.lend(async (url) => {
    try {
      await run({ ...smoke, env: { ...smoke.env, DATABASE_URL: url }, signal });
      return { smoke: 'passed', evidence: [] };
    } catch (thrown) {
      signal.throwIfAborted();
      // A command may print what it was given.
      return { smoke: 'failed', evidence: [failure(release, maskIn(messageOf(thrown), [url, ...secretsIn(url)]))] };
    }
  });
}

function failure({ release }: ReleaseNeeds, sentence: string): Evidence {
  return {
    layer: 'smoke',
    release,
    file: undefined,
    object: undefined,
    classes: ['breaks-old'],
    effect: 'breaks',
    sentence: `the smoke tests of ${release} fail on the changed schema: ${sentence}`,
  };
}
