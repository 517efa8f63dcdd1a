// What the template says about one side: one server without checks, or several that are balanced and checked.

import type { SlotName } from '../../domain/target.ts';
import {
  checksOf,
  fastMs,
  type InstanceChecks,
  idempotentMethods,
  instanceCookie,
  instanceName,
  servedInstanceHeader,
} from '../instances/checks.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { address, quoted, quotedFormat, whole, word } from './haproxy-text.ts';

/** A request that found no connection is tried on this many others at least: on all, where some may not run at all. */
const leastRetries = 2;

/** One server is named as its side, as before sides could have several. */
export function sideValues(slot: SlotName, spec: BalancerSpec) {
  const endpoints = spec.upstreams[slot];
  if (endpoints.length === 1)
    return { slot, instances: false, servers: [{ name: slot, address: address(endpoints[0]) }] };
  const checks = checksOf(spec);
  const servers = endpoints.map((each, at) => {
    const name = instanceName(slot, at + 1);
    return { number: at + 1, name, any: `${name}-any`, address: address(each) };
  });
  const instances = {
    servers,
    retries: spec.admitted === undefined ? leastRetries : Math.max(leastRetries, endpoints.length - 1),
    idempotent: idempotentMethods.join(' '),
    cookie: spec.sticky.instance === true && instanceCookie,
    servedHeader: servedInstanceHeader,
    intervalMs: whole(checks.intervalMs, 'health.interval'),
    fastMs: fastMs(checks),
    timeoutMs: whole(checks.timeoutMs, 'health.timeout'),
    failures: whole(checks.failures, 'health.failures'),
    successes: whole(checks.successes, 'health.successes'),
    check: checks.path !== undefined && checkValues(checks.path, checks, address(endpoints[0])),
  };
  return { slot, instances };
}

function checkValues(path: string, { headers, statuses }: InstanceChecks, host: string) {
  const named = Object.entries(headers);
  const withHost = named.some(([name]) => name.toLowerCase() === 'host') ? named : [['host', host] as const, ...named];
  return {
    uri: quoted(path, 'health.path'),
    headers: withHost.map(([name, value]) => ({
      name: word(name, 'health.headers'),
      value: quotedFormat(value, `health.headers.${name}`),
    })),
    statuses: statuses
      .map(([from, to]) => `${whole(from, 'health.statuses')}-${whole(to, 'health.statuses')}`)
      .join(','),
  };
}
