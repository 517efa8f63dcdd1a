/** Of a target: what is done about a side that ends or is ill. */
export interface IllnessSettings {
  readonly crash: { readonly firstRestartMs: number; readonly maxRestartMs: number };
  readonly guard: GuardSettings;
}

export type GuardAction = 'rollback' | 'restart' | 'page' | 'off';

/** What is done when the live side is ill and no deployment is at work. */
export interface GuardSettings {
  readonly unresponsive: GuardAction;
  readonly unhealthy: GuardAction;
  readonly crashLoop: Exclude<GuardAction, 'restart'>;
  /** In `withinMs`, from which on it is a crash loop. */
  readonly crashes: number;
  /** Acts in `withinMs`. */
  readonly atMost: number;
  readonly withinMs: number;
}
