// What is compared: a proxy that can be switched, by any means.

import type { SlotName } from '@bg/engine';

export interface Ground {
  /** Its own, short, and named in the command line of every process of this proxy. */
  readonly folder: string;
  readonly port: number;
  readonly backends: Readonly<Record<SlotName, number>>;
}

export interface RunningProxy {
  /** Resolves when the command has returned. */
  switchTo(slot: SlotName): Promise<void>;
  /** This share of users to green, the others to blue. Undefined where the mechanism has no shares. */
  readonly weigh: ((percent: number) => Promise<void>) | undefined;
  /** Where the same is served over TLS and HTTP/2; users then come there. `authority` in PEM. */
  readonly secure?: { readonly port: number; readonly authority: string };
  stop(): Promise<void>;
}

export interface Mechanism {
  readonly name: string;
  /** `driver`: of this project. `raw`: what people use instead. `static`: cannot be switched, for comparison. */
  readonly kind: 'driver' | 'raw' | 'static';
  /** Of the family that `--drivers` names. */
  readonly family: 'embedded' | 'nginx' | 'haproxy' | 'caddy';
  /** Up, with all users on blue. */
  start(ground: Ground): Promise<RunningProxy>;
}

/** The cookie by which all of them know a user. */
export const userCookie = 'bg_bucket';
