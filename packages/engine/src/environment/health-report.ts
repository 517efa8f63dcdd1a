// The result of a health check of an instance.

export type HealthProof = 'fields' | 'status-code' | 'grpc' | 'tcp' | 'command';

export interface HealthReport {
  readonly healthy: boolean;
  /** `fields`: the answer named itself. The others are weaker: something answered, and did not say what it is. */
  readonly proof: HealthProof;
  /** One sentence, of a side that is healthy and lacks something all the same. */
  readonly degraded?: string;
  /** What the answer says of the dependencies that the rule names. */
  readonly dependencies?: Readonly<Record<string, 'ok' | 'degraded' | 'failed'>>;
  /** False: nothing came back in time, which may be a process that hangs. */
  readonly answered: boolean;
  /** One sentence: what was expected, and what came. Undefined when healthy. */
  readonly problem?: string;
  readonly version?: string;
  readonly environment?: string;
  readonly databaseConnected?: boolean;
  readonly uptimeSeconds?: number;
  readonly hostname?: string;
  readonly ms: number;
}
