// What the flow needs of a database: widen it before a deployment, and say which release can live with it.

export interface SchemaVerdict {
  readonly verdict: 'compatible' | 'incompatible' | 'unknown';
  readonly evidence: string;
}

export interface Migrator {
  /** Names of the expand steps that a release would run now, in order. Part of the plan and its hash. */
  pending(releaseFolder: string): Promise<readonly string[]>;
  /** Runs them; repeatable. An expanded schema serves both releases, so there is nothing to undo. */
  expand(releaseFolder: string, signal: AbortSignal): Promise<void>;
  /** Can this release run on the schema as it is? Asked by every gate that gives a side users. */
  compatible(releaseFolder: string): Promise<SchemaVerdict>;
}
