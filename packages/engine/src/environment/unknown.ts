// An instance of which nothing is known now, since the machine that it runs on does not answer. It counts neither as ended nor
// as running: nothing is started in its place.

export interface Unknown {
  readonly kind: 'unknown';
  /** The name of its machine. */
  readonly host: string;
  /** Epoch milliseconds: the first question that was not answered. */
  readonly since: number;
  /** For people. */
  readonly problem: string;
}
