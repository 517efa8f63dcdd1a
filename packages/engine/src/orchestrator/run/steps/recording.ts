// Records what the judge sees of a canary, look by look, so that it can be judged again with another policy. A recording
// that cannot be written holds up nothing.

import { join } from 'node:path';
import type { RecordedLook } from '../../../analysis/replay.ts';
import {
  mostRecordingBytes,
  mostRecordings,
  type RecordingHead,
  recordingName,
  recordingsFolder,
} from '../../../domain/recording.ts';
import { appendBounded } from '../../../lib/append-bounded.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { StepFrame } from '../step.ts';

export interface Recorder {
  add(look: RecordedLook): void;
}

export function createRecorder({ core, deployment }: Pick<StepFrame, 'core' | 'deployment'>): Recorder {
  const { id, service, target, version } = deployment;
  const folder = join(core.settings.stateFolder, recordingsFolder);
  const head: RecordingHead = { recording: 1, id, service, target, version };
  const bound = { bytes: mostRecordingBytes, files: mostRecordings, head: `${JSON.stringify(head)}\n` };
  let isOpen = true;
  return {
    add: (look) => {
      if (!isOpen) return;
      try {
        isOpen = appendBounded(folder, recordingName(id), `${JSON.stringify(look)}\n`, bound);
      } catch (thrown) {
        isOpen = false;
        core.log.warn({ deployment: id, why: messageOf(thrown) }, 'the canary is not recorded any further');
      }
    },
  };
}
