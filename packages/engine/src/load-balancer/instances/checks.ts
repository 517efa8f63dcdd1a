// How a balancer finds out which instances of a side may get users, the same for every driver. Instances are numbered
// from 1, in the order of their endpoints.

import type { Endpoint, SlotName } from '../../domain/target.ts';

export interface InstanceChecks {
  /** Undefined: an instance that accepts a connection is healthy. */
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Ranges that mean healthy, both ends included. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** In a row, before an instance gets no new requests. */
  readonly failures: number;
  /** In a row, before it gets requests again. */
  readonly successes: number;
}

/** In one side. */
export const mostInstances = 64;

/** Where nothing is said about health. */
const plainChecks: InstanceChecks = {
  path: undefined,
  headers: {},
  statuses: [],
  intervalMs: 5_000,
  timeoutMs: 2_000,
  failures: 3,
  successes: 2,
};

export const checksOf = ({ checks }: { readonly checks?: InstanceChecks | undefined }): InstanceChecks =>
  checks ?? plainChecks;

/** Between checks of an instance whose state seems to change: it is out within about one interval, not several. */
export const fastMs = ({ intervalMs }: InstanceChecks): number => Math.min(500, Math.ceil(intervalMs / 10));

/** A probe's request header that names the instance which must answer. */
export const instanceHeader = 'x-bluegreen-instance';
/** On the answer to a probe or a tester, where the side has several instances. */
export const servedInstanceHeader = 'x-served-instance';
/** Of a user who returns to an instance: `blue-2`. */
export const instanceCookie = 'bg_instance';

export const instanceName = (slot: SlotName, number: number): string => `${slot}-${number}`;

export const hasSeveral = (upstreams: Readonly<Record<SlotName, readonly Endpoint[]>>): boolean =>
  upstreams.blue.length > 1 || upstreams.green.length > 1;

/** What a request may safely be sent for a second time when its answer got lost: RFC 9110, 9.2.2. */
export const idempotentMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'];
