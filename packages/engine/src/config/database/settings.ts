// The database of a target as the engine works with it. What one kind of database has beyond this is added by its driver.

export interface DatabaseSettings {
  readonly driver: string;
  /** May hold `${NAME}`, which is filled in at use from env files and env: the settings hold no secret. */
  readonly url: string;
  /** Like `url`: a server for scratch copies, never production. */
  readonly scratch: string | undefined;
  /** Folder in each release. */
  readonly migrations: string;
  readonly table: string;
  readonly lockTimeoutMs: number;
  readonly lockTotalMs: number;
  readonly statementTimeoutMs: number;
  /** How long a rollback to a release that was live stays possible: its shape of the schema is retained. */
  readonly rollbackForMs: number;
  /** Makes a restore point before a contract. */
  readonly beforeContract: { readonly argv: readonly [string, ...string[]]; readonly timeoutMs: number } | undefined;
  /** Tables that others change too: what changes in them is no drift. */
  readonly sharedTables: readonly string[];
  /** Programs that migrations may name to change a table while it is in use, with placeholders such as `{table}`. */
  readonly onlineTools: readonly {
    readonly name: string;
    readonly argv: readonly [string, ...string[]];
    readonly timeoutMs: number;
  }[];
}
