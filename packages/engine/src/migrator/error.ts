// The one error of the migrator: a closed set of codes, each with a sentence for people, and without secrets.

export type MigrationErrorCode =
  | 'files-invalid'
  | 'hazard'
  | 'edited'
  | 'drift'
  | 'dirty'
  | 'locked'
  | 'blocked'
  | 'failed'
  | 'denied'
  | 'unreachable'
  | 'not-allowed'
  | 'stopped';

export class MigrationError extends Error {
  readonly code: MigrationErrorCode;
  /** What a person can do about it. */
  readonly hint: string | undefined;

  constructor(
    code: MigrationErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'MigrationError';
    this.code = code;
    this.hint = options.hint;
  }
}
