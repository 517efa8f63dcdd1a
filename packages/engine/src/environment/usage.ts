/** What one instance takes of the machine now. A value that this account may not read is undefined. */
export interface InstanceUse {
  readonly instance: number;
  readonly startedAt: number;
  /** Processor time since the start. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly openFiles: number | undefined;
  readonly threads: number | undefined;
}
