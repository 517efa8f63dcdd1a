// What is known of a release besides its files.

/** Where a release comes from, as its build said. People see it; no gate believes it. */
export interface Origin {
  /** As the code host names it: 7 to 64 hexadecimal digits. */
  readonly commit: string;
  /** Of the commit or the build, for a link. */
  readonly url?: string | undefined;
  readonly author?: string | undefined;
  /** The first line of the commit's message. */
  readonly subject?: string | undefined;
}

/** Files and bytes of a release, and of the one that it replaces, where that is known. */
export interface ReleaseChange {
  readonly bytes: number;
  readonly files: number;
  readonly bytesBefore: number | undefined;
  readonly filesBefore: number | undefined;
}
