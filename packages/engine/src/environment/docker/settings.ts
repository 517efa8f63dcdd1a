// What the configuration says of the containers of a target, with every default filled in.

export interface DockerHost {
  readonly name: string;
  /** `unix:///var/run/docker.sock`, `tcp://10.0.0.7:2376` or `ssh://deploy@10.0.0.7`. */
  readonly address: string;
  /** Where load balancers reach what runs there. */
  readonly endpointHost: string;
  readonly tls?: DockerTls | undefined;
  readonly ssh?: DockerSsh | undefined;
  /** Of one slot at most so many run there. Undefined: no limit. */
  readonly instances?: number | undefined;
  /** Of every container there, in addition to those of this program. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Absolute paths. */
export interface DockerTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Absolute paths. Undefined: what the configuration of ssh says. */
export interface DockerSsh {
  readonly key?: string | undefined;
  readonly knownHosts?: string | undefined;
}

export interface Volume {
  /** An absolute path of the host, or the name of a volume. */
  readonly source: string;
  readonly path: string;
  readonly readOnly: boolean;
}

export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** How a registry is logged in to. The values are read for each pull and stored nowhere. */
export type RegistryAccess = { readonly registry: string } & (
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A `config.json` of Docker. */
  | { readonly kind: 'file'; readonly path: string }
  /** `docker-credential-<name>`. */
  | { readonly kind: 'helper'; readonly name: string }
  /** Prints the password. */
  | { readonly kind: 'command'; readonly username: string; readonly argv: readonly [string, ...string[]] }
);

export interface DockerSettings {
  readonly hosts: readonly [DockerHost, ...DockerHost[]];
  /** `host`, `bridge` or the name of a network. */
  readonly network: string;
  /** What releases of files run in; undefined: every release is an image. */
  readonly image: string | undefined;
  readonly registries: readonly RegistryAccess[];
  readonly pullMs: number;
  /** Undefined: that of the image. */
  readonly user: string | undefined;
  readonly readOnly: boolean;
  /** Undefined: that of the image. */
  readonly stopSignal: string | undefined;
  /** What the HEALTHCHECK of an image is worth. */
  readonly healthcheck: 'warn' | 'require' | 'ignore';
  /** Added to none. */
  readonly capabilities: readonly string[];
  readonly volumes: readonly Volume[];
  /** `name:address`. */
  readonly extraHosts: readonly string[];
  readonly ulimits: readonly Ulimit[];
}
