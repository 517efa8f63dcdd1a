// One statement of a migration as it ran, for a trial on a copy with data.

export interface StatementSeen {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
  readonly tookMs: number;
  /** Rows that it changed; undefined where the server counts none. */
  readonly rows: number | undefined;
  /** `orders: AccessExclusiveLock, all rows written`; undefined where the server does not report them. */
  readonly locks: readonly string[] | undefined;
}

export type SeeStatement = (seen: StatementSeen) => void;
