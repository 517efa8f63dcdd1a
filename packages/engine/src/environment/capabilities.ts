// What an environment may have beyond the core, as far as it is known before one is created: an interface for each
// capability, present where the driver has it. `config check` asks for presence; adoption is in environment.ts.

export interface ConfiguredCapabilities {
  readonly accounts?: Accounts | undefined;
  readonly quota?: Quotas | undefined;
  readonly instances?: Instances | undefined;
  readonly processRoles?: ConfiguredRoles | undefined;
}

/** Runs a side under its own account. */
export interface Accounts {
  /** The keys of the configuration that it follows. */
  readonly keys: readonly ('user' | 'group')[];
}

/** Runs several instances in a slot, each with a port of its own. */
export interface Instances {
  /** In one slot. */
  readonly most: number;
}

/** Runs processes of a release that are no web servers. */
export interface ConfiguredRoles {
  /** Of one role. */
  readonly mostInstances: number;
}

/** Limits what a side takes of the machine. */
export interface Quotas {
  readonly limits: readonly ('memory' | 'cpu' | 'pids')[];
}
