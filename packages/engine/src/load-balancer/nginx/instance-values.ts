// What the template says about sides with several instances. nginx balances over a group of servers that is fixed in its
// configuration, so there is one group for all, one for each way to leave unhealthy ones out, one for each instance that
// a probe asks for, and one for each that a user returns to. The marks on the disk choose among them: no reload does.

import type { Endpoint, SlotName } from '../../domain/target.ts';
import {
  checksOf,
  hasSeveral,
  instanceCookie,
  instanceHeader,
  instanceName,
  servedInstanceHeader,
} from '../instances/checks.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { groupsOf } from './health/marks.ts';
import { address, literally, prefixOf } from './nginx-text.ts';

const slots = ['blue', 'green'] as const;
/** Of a request, the first one included. */
const mostTries = 3;
/** A request that has taken longer than this is not sent again. */
const mostRetryMs = 10_000;

interface Group {
  readonly name: string;
  readonly zoneKb: number;
  readonly servers: readonly { readonly address: string; readonly options: string }[];
}

/** False where no side has several: nothing of this is in the text then. */
export function instanceValues(spec: BalancerSpec) {
  if (!hasSeveral(spec.upstreams)) return { several: false, at: '', instanceCookie: false };
  const { upstreams } = spec;
  const checks = checksOf(spec);
  const isSticky = spec.sticky.instance === true;
  const failTime = `${Math.ceil(checks.intervalMs / 1000)}s`;
  const withSeveral = slots.filter((slot) => upstreams[slot].length > 1);
  return {
    at: `$${prefixOf(spec.service, spec.target)}_at`,
    instanceCookie: isSticky && instanceCookie,
    several: {
      headerVariable: `$http_${instanceHeader.replaceAll('-', '_')}`,
      servedHeader: servedInstanceHeader,
      retryMs: Math.min(spec.requestTimeoutMs, mostRetryMs),
      tries: Math.min(mostTries, Math.max(...slots.map((slot) => upstreams[slot].length))),
      numbers: numbersOf(Math.max(...withSeveral.map((slot) => upstreams[slot].length))),
      groups: withSeveral.flatMap((slot) => groupsOfSide({ slot, endpoints: upstreams[slot], isSticky, failTime })),
      marked: withSeveral.flatMap((slot) =>
        groupsOf(upstreams[slot].length).map((left) => ({
          key: `${slot}:${left.map((number) => `${number}.`).join('')}`,
          suffix: suffixWithout(left),
        })),
      ),
      asked: withSeveral.flatMap((slot) =>
        numbersOf(upstreams[slot].length).map((number) => ({ key: `1:${slot}:${number}`, suffix: `_${number}` })),
      ),
      returning: withSeveral.flatMap((slot) =>
        numbersOf(upstreams[slot].length).map((number) => ({
          pattern: `~^${slot}:${instanceName(slot, number)}:(?!(?:\\d+\\.)*${number}\\.)`,
          suffix: `_at_${number}`,
        })),
      ),
      served: withSeveral.flatMap((slot) => servedPatterns(slot, upstreams[slot])),
    },
  };
}

/** `false` for a side with one instance. */
export function poolOf(slot: SlotName, spec: BalancerSpec) {
  const endpoints = spec.upstreams[slot];
  if (endpoints.length === 1) return false;
  return {
    ...sized(endpoints),
    servers: [...passively(endpoints, `${Math.ceil(checksOf(spec).intervalMs / 1000)}s`), ...anyway(endpoints)],
  };
}

interface Side {
  readonly slot: SlotName;
  readonly endpoints: readonly Endpoint[];
  readonly isSticky: boolean;
  readonly failTime: string;
}

function groupsOfSide({ slot, endpoints, isSticky, failTime }: Side): readonly Group[] {
  const size = sized(endpoints);
  const others = (left: readonly number[]) => endpoints.filter((_, at) => !left.includes(at + 1));
  const own = (number: number) => endpoints.filter((_, at) => at + 1 === number);
  return [
    ...groupsOf(endpoints.length).map((left) => ({
      name: `${slot}${suffixWithout(left)}`,
      ...size,
      servers: [...passively(others(left), failTime), ...anyway(others(left))],
    })),
    ...numbersOf(endpoints.length).map((number) => ({
      name: `${slot}_${number}`,
      ...size,
      servers: own(number).map((each) => ({ address: addressOf(each), options: 'max_fails=0' })),
    })),
    ...(isSticky ? numbersOf(endpoints.length) : []).map((number) => ({
      name: `${slot}_at_${number}`,
      ...size,
      servers: [...passively(own(number), failTime), ...anyway(others([number]))],
    })),
  ];
}

/** One that fails a request gets none for a while, until the health process knows more. */
const passively = (endpoints: readonly Endpoint[], failTime: string): Group['servers'] =>
  endpoints.map((each) => ({ address: addressOf(each), options: `max_fails=1 fail_timeout=${failTime}` }));

/** Used when all of them failed: they get requests all the same. */
const anyway = (endpoints: readonly Endpoint[]): Group['servers'] =>
  endpoints.map((each) => ({ address: addressOf(each), options: 'max_fails=0 backup' }));

/** Shared by the workers of nginx, which count connections together then. */
const sized = ({ length }: readonly Endpoint[]) => ({ zoneKb: 64 + 2 * length });

const addressOf = (each: Endpoint): string => address('the address of an instance', each);

const numbersOf = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

const suffixWithout = (left: readonly number[]): string => `_without_${left.join('_')}`;

/** By the address that nginx says it used last; of a name by the port alone, which must be the only one like it then. */
function servedPatterns(slot: SlotName, endpoints: readonly Endpoint[]) {
  const isName = ({ host }: Endpoint) => !host.includes(':') && !/^[\d.]+$/.test(host);
  return endpoints.flatMap((each, at) => {
    const sharesPort = endpoints.some((other) => other !== each && other.port === each.port);
    if (isName(each) && sharesPort) return [];
    const shown = isName(each) ? `:${each.port}` : addressOf(each);
    const before = isName(each) ? '.*' : '(?:.*[ ,])?';
    const pattern = `~^${slot} ${before}${literally({ what: 'an instance', value: shown })}$`;
    return [{ pattern, number: at + 1 }];
  });
}
