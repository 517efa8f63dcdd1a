// Who starts and stops: the lease of the controller, and the deployment that it moves. What is started bears both.

export interface Acting {
  /** The fencing token of the lease. It only grows. */
  readonly fence: number;
  readonly deployment?: string | undefined;
}

/** A capability: where two engines may reach the same containers, the one whose lease has ended must not touch them. */
export interface Fenced<Environment> {
  /**
   * The same environment, whose starts, stops, adoptions and sweeps are by this lease. In a slot that a later lease has
   * worked on they change nothing. @throws BlueGreenError `fenced-out`, from `start`, `stop` and `adopt`
   */
  actedBy?(acting: Acting): Environment;
}
