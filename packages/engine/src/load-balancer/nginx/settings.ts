// What the configuration says about nginx itself.

type Argv = readonly [string, ...string[]];

/** The same service over TLS and HTTP/2, on a separate address: `listen` stays plain, for probes and inner networks. */
export interface NginxTls {
  readonly listen: { readonly host: string; readonly port: number };
  /** Absolute paths of PEM files that nginx can read. */
  readonly certificate: string;
  readonly key: string;
}

export interface ManagedNginx {
  readonly mode: 'managed';
  /** A path, or a name that is searched in the usual folders. */
  readonly program: string;
  readonly tls: NginxTls | undefined;
  /** Absolute path of the operator's `add_header` lines, for every answer of this site. */
  readonly headers?: string | undefined;
}

/** One that the user runs: the engine owns one file that it includes within `http`, and its routing files. */
export interface AttachedNginx {
  readonly mode: 'attached';
  /** Absolute path of the included file. */
  readonly include: string;
  readonly check: Argv;
  readonly reload: Argv;
  /** Makes nginx reopen its logs; without it the log is shortened in place. */
  readonly reopen: Argv | undefined;
  readonly tls: NginxTls | undefined;
  /** Absolute path of the operator's `add_header` lines, for every answer of this site. */
  readonly headers?: string | undefined;
}

export type NginxSettings = ManagedNginx | AttachedNginx;
