// A release's own smoke command on the migrated copy: the one layer that exercises triggers, constraints and rights.

import { findAccount } from '../../lib/accounts.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { runAs } from '../../lib/run-as.ts';
import { maskIn, secretsIn } from '../address.ts';
import type { ReleaseNeeds } from './needs.ts';
import type { Coverage, Evidence } from './report.ts';
import type { ScratchCopy } from './scratch.ts';

export interface SmokeOutcome {
  readonly smoke: Coverage['smoke'];
  readonly evidence: readonly Evidence[];
}

/** Each on a separate copy: the rows of one release do not disturb another release. */
export async function runSmoke(copy: ScratchCopy, release: ReleaseNeeds, signal: AbortSignal): Promise<SmokeOutcome> {
  const { smoke } = release;
  if (smoke === undefined) return { smoke: 'absent', evidence: [] };
  const failed = (thrown: unknown, secrets: readonly string[]): SmokeOutcome => {
    signal.throwIfAborted();
    return { smoke: 'failed', evidence: [failure(release, maskIn(messageOf(thrown), secrets))] };
  };
  const { account: name, ...command } = smoke;
  try {
    const account = name && findAccount(name);
    return await copy.lend(async (url) => {
      try {
        await runAs(name, { ...command, env: { ...smoke.env, DATABASE_URL: url }, signal, group: true });
        return { smoke: 'passed', evidence: [] };
      } catch (thrown) {
        // A command may print what it was given.
        return failed(thrown, [url, ...secretsIn(url)]);
      }
    }, account);
  } catch (thrown) {
    if (!hasCode(thrown, 'account-refused')) throw thrown;
    return failed(thrown, []);
  }
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
