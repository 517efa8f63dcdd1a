// The file in which a canary is recorded: a line of JSON about the deployment, then one for each look at both sides.

/** The first line. */
export interface RecordingHead {
  readonly recording: 1;
  readonly id: string;
  readonly service: string;
  readonly target: string;
  readonly version: string;
}

export const recordingsFolder = 'recordings';
export const recordingName = (deploymentId: string): string => `${deploymentId}.jsonl`;
/** A canary of half an hour takes about 1 MB. What comes later is not recorded. */
export const mostRecordingBytes = 4 * 1024 * 1024;
/** Of a state folder; the oldest ones go. */
export const mostRecordings = 50;
