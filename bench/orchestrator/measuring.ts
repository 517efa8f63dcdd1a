// What each measurement of the orchestrator is handed.

export type Driver = 'embedded' | 'haproxy' | 'nginx';
export const drivers: readonly Driver[] = ['haproxy', 'nginx', 'embedded'];

export interface Measuring {
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
  readonly runs: number;
}

/** A step of a deployment. */
export interface Timed {
  readonly name: string;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
}

export const lengthOf = ({ startedAt, endedAt }: Timed): number => (endedAt ?? 0) - (startedAt ?? endedAt ?? 0);
export const stepsOf = (steps: readonly Timed[]): string =>
  steps.map((step) => `${step.name} ${Math.round(lengthOf(step))}`).join(', ');
