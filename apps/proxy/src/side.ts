// The instances of one side: which of them gets a request. Requests are balanced over the healthy ones by the number that
// each has open; where none is healthy, over all, as a side with one instance always gets its users.

import type { ProxySpec, SlotName } from '@bg/engine';
import { checksOf, type InstanceWatch, instanceName, watchInstances } from '@bg/engine/counting';
import type { Log } from './log.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export interface Instance extends Upstream {
  /** From 1. */
  readonly number: number;
  /** As a user's cookie has it: `blue-2`. */
  readonly name: string;
  /** Requests with it now. */
  open: number;
  /** That it was sent, probes included, and of those what it answered 5xx or not at all. */
  requests: number;
  errors: number;
}

export interface Choosing {
  /** The instance that must answer if it exists, for a probe. */
  readonly asked?: number | undefined;
  /** The user's own instance, as in the cookie. */
  readonly wanted?: string | undefined;
  /** Instances that this request had already. */
  readonly tried: readonly Instance[];
}

export interface Side {
  readonly hasSeveral: boolean;
  /** Undefined once all were tried. */
  choose(choosing: Choosing): Instance | undefined;
  /** It accepted no connection. */
  suspect(instance: Instance): void;
  /** From now on only so many, the first ones, get requests; undefined: all. What the others have is not cut. */
  admit(count: number | undefined): void;
  /** In order, those that get no requests too. */
  readonly instances: readonly Instance[];
  retire(): void;
}

export function createSide(slot: SlotName, spec: ProxySpec, log: Log): Side {
  const endpoints = spec.upstreams[slot];
  const instances = endpoints.map((endpoint, at): Instance => {
    const number = at + 1;
    return { ...createUpstream(endpoint), number, name: instanceName(slot, number), open: 0, requests: 0, errors: 0 };
  });
  const hasSeveral = instances.length > 1;
  const watch = hasSeveral ? watchSide({ slot, spec, log }) : undefined;
  const isHealthy = ({ number }: Instance): boolean => watch?.isHealthy(number - 1) ?? true;
  let last = 0;
  let admitted = spec.admitted?.[slot] ?? instances.length;
  const isAdmitted = ({ number }: Instance): boolean => number <= admitted;
  const balanced = (tried: readonly Instance[]): Instance | undefined => {
    const left = instances.filter((each) => isAdmitted(each) && !tried.includes(each));
    const healthy = left.filter(isHealthy);
    const found = leastBusy(healthy.length > 0 ? healthy : left, last);
    last = found?.number ?? last;
    return found;
  };
  return {
    hasSeveral,
    choose: ({ asked, wanted, tried }) => {
      if (!hasSeveral) return tried.length === 0 ? instances[0] : undefined;
      if (asked !== undefined) {
        const named = instances[asked - 1];
        if (named !== undefined && isAdmitted(named)) return tried.includes(named) ? undefined : named;
      }
      const own = wanted === undefined ? undefined : instances.find(({ name }) => name === wanted);
      return own !== undefined && isAdmitted(own) && !tried.includes(own) && isHealthy(own) ? own : balanced(tried);
    },
    instances,
    admit: (count) => {
      admitted = count ?? instances.length;
    },
    suspect: ({ number }) => watch?.suspect(number - 1),
    retire: () => {
      watch?.stop();
      for (const { retire } of instances) retire();
    },
  };
}

/** A request has ended with it. */
export function settled(instance: Instance, status: number | undefined): void {
  instance.open -= 1;
  if ((status ?? 0) >= 500) instance.errors += 1;
}

/** Of equally busy ones the next in turn. */
function leastBusy(instances: readonly Instance[], last: number): Instance | undefined {
  const least = Math.min(...instances.map(({ open }) => open));
  const idlest = instances.filter(({ open }) => open === least);
  return idlest.find(({ number }) => number > last) ?? idlest[0];
}

function watchSide({ slot, spec, log }: { slot: SlotName; spec: ProxySpec; log: Log }): InstanceWatch {
  return watchInstances({
    endpoints: spec.upstreams[slot],
    checks: checksOf(spec),
    changed: ({ index, healthy, problem }) => {
      const instance = instanceName(slot, index + 1);
      if (healthy) log.trouble('an instance is healthy again and gets users', { instance });
      else log.trouble('an instance is not healthy and gets no new users', { instance, why: problem });
    },
  });
}
