export type SimulatorErrorCode =
  | 'bad-request'
  | 'element-not-found'
  | 'invalid-manifest'
  | 'invalid-options'
  | 'not-found'
  | 'real-token'
  | 'wait-timeout';

/** The only error the simulator's own functions throw. What Slack itself would answer is an answer, not an error. */
export class SimulatorError extends Error {
  readonly code: SimulatorErrorCode;

  constructor(code: SimulatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SimulatorError';
    this.code = code;
  }
}
