// Sequences that once ended otherwise than the rules say, shortened, each with what it was.

import type { Act } from './acts.ts';
import type { Plan } from './configuration.ts';

interface Kept {
  /** What the engine did. */
  readonly was: string;
  readonly plan: Plan;
  readonly liveBefore: number;
  readonly acts: readonly Act[];
}

const deploy = (actor: 'alice' | 'bob', version: string): Act => ({
  kind: 'deploy',
  actor,
  version,
  hold: false,
  redeploy: false,
  override: false,
  reason: false,
  inMinutes: 0,
});

export const keptSequences: readonly Kept[] = [
  {
    was: 'one approver sent all users to a release that two must approve, with promote --full before they were asked',
    plan: 'two-approvals',
    liveBefore: 1,
    acts: [deploy('alice', 'v2'), { kind: 'promote', actor: 'bob', on: 'live', isStale: false, full: true }],
  },
  {
    was: 'a late approve of what was rejected and taken back was not given the decision',
    plan: 'approval',
    liveBefore: 1,
    acts: [
      deploy('alice', 'v2'),
      { kind: 'pass', seconds: 4 },
      { kind: 'reject', actor: 'bob', on: 'live', isStale: false },
      { kind: 'approve', actor: 'carol', on: 'last', isStale: false },
    ],
  },
  {
    was: 'the model did not follow a drift that was adopted at once, so it took the other side for the live one',
    plan: 'plain',
    liveBefore: 2,
    acts: [{ kind: 'drift' }, { kind: 'adopt', actor: 'bob' }],
  },
  {
    was: 'a deployment of the release that stood ill in the other slot let it run on, and failed',
    plan: 'plain',
    liveBefore: 2,
    acts: [{ kind: 'sicken', side: 'other' }, deploy('alice', 'v1'), { kind: 'pass', seconds: 10_800 }],
  },
];
