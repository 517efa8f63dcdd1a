// What each measurement of the orchestrator is handed.

export type Driver = 'embedded' | 'haproxy' | 'nginx';
export const drivers: readonly Driver[] = ['haproxy', 'nginx', 'embedded'];

export interface Measuring {
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
  readonly runs: number;
}
