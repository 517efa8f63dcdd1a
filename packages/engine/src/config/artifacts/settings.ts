// Where the files of a release may come from, as the rest of the engine knows it.

import type { AccountName } from '../../lib/accounts.ts';

export interface ArtifactSettings {
  readonly hosts: readonly AllowedHost[];
  /** Absolute. */
  readonly folders: readonly string[];
  readonly repositories: readonly AllowedRepository[];
  /** Whom build commands run as; undefined: the account of the engine. */
  readonly buildAccount?: AccountName | undefined;
  /** Of a download; an archive of this machine may come without. */
  readonly requireDigest: boolean;
  /** As minisign prints them. With one, every archive must be signed. */
  readonly publicKeys: readonly string[];
  /** Whether the trusted comment of a signature must name service and version. */
  readonly signatureNamesRelease: boolean;
  /** Whether the one top folder of an archive is left out. */
  readonly strip: boolean;
  readonly limits: FetchLimits;
}

export interface AllowedHost {
  /** In small letters; a leading `*.` matches any names. */
  readonly name: string;
  /** Undefined: the usual one of the scheme. */
  readonly port: number | undefined;
  readonly http: boolean;
  readonly privateAddresses: boolean;
  /** The value of the header. Secret. */
  readonly authorization: string | undefined;
}

export interface AllowedRepository {
  readonly url: string;
  /** Its name in CI. */
  readonly name: string;
  readonly authorization: string | undefined;
  readonly build: readonly [string, ...string[]] | undefined;
  /** Folder below the repository. */
  readonly output: string;
}

export interface FetchLimits {
  readonly timeMs: number;
  readonly stallMs: number;
  readonly tries: number;
  readonly downloadBytes: number;
  readonly unpackedBytes: number;
  /** Folders and links are counted too. */
  readonly files: number;
  readonly ratio: number;
}
