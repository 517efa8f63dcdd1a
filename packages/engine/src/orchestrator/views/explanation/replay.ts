// A recorded canary judged once more, with the policy of its target or a changed one.

import { join } from 'node:path';
import { type Replay, replay } from '../../../analysis/replay.ts';
import type { ReplayView } from '../../../api/replay.ts';
import { policyChange } from '../../../config/judge/policy-change.ts';
import { recordingName, recordingsFolder } from '../../../domain/recording.ts';
import { ok, type Result, refuse } from '../../../domain/refusal.ts';
import type { TargetRef } from '../../../domain/target.ts';
import type { Core } from '../../core.ts';
import { findTarget } from '../../gates/facts.ts';
import { policyOf } from '../../run/steps/judge-policy.ts';
import { readRecording } from './read-recording.ts';

export interface ReplayRequest {
  /** Of its file; or of a deployment, by `id`. */
  readonly file: string | undefined;
  readonly id: string | undefined;
  readonly ref: TargetRef;
  /** What is another in the policy, as in the configuration: `falseRollback: 2%, least: 5m`. */
  readonly set: string | undefined;
}

export function replayRecording(core: Core, { file, id = '', ref, set }: ReplayRequest): Result<ReplayView> {
  const path = file ?? join(core.settings.stateFolder, recordingsFolder, recordingName(id));
  const recording = readRecording(path);
  if (typeof recording === 'string')
    return refuse(
      'text-invalid',
      recording,
      'Canaries are recorded from their first look on, the last 50 of them; bg history shows the deployments.',
    );
  const { head, looks, unreadable } = recording;
  const known = core.targets.find(({ key }) => key.service === head.service && key.target === head.target);
  const found = known ? ok(known) : findTarget(core, ref);
  if (!found.ok) return found;
  const settings = policyChange(found.value.settings.judge, set);
  if (typeof settings === 'string')
    return refuse('text-invalid', settings, 'Write the keys of judge as in the configuration, with commas between.');
  const policy = policyOf(settings);
  const { evidence: _, ...result }: Replay = replay(looks, policy);
  return ok({ ...head, path, set, policyOf: found.value.name, unreadable, ...result });
}
