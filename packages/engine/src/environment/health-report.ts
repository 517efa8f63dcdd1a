// The result of a health check of an instance.

export type HealthProof = 'fields' | 'status-code' | 'grpc' | 'tcp' | 'command';

export interface HealthReport {
  readonly healthy: boolean;
  /** `fields`: the answer named its release. The others are weaker: something answered, without naming a release. */
  readonly proof: HealthProof;
  /** One sentence about a side that is healthy but lacks something. */
  readonly degraded?: string;
  /** What the answer says of the dependencies that the rule names. */
  readonly dependencies?: Readonly<Record<string, 'ok' | 'degraded' | 'failed'>>;
  /** False: no answer came in time, which may be a process that hangs. */
  readonly answered: boolean;
  /** One sentence: what was expected, and what was received. Undefined when healthy. */
  readonly problem?: string;
  readonly version?: string;
  readonly environment?: string;
  readonly databaseConnected?: boolean;
  readonly uptimeSeconds?: number;
  readonly hostname?: string;
  readonly ms: number;
}
