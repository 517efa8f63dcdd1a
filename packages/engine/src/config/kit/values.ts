// The kinds of values that the file is made of. Each says, in one place, what it expects: the same words appear in every
// problem ("expected …") whatever was wrong with the value.

import { isIP } from 'node:net';
import { z } from 'zod';
import {
  durationPattern,
  listenPattern,
  longestMs,
  parseDuration,
  parseListen,
  percentagePattern,
  positiveDurationPattern,
  sizePattern,
  smallChancePattern,
} from '../../lib/units.ts';

export const namePattern = /^[a-z][a-z0-9-]{0,31}$/;
export const nameExpected = 'a name of 1 to 32 small letters, digits and hyphens that starts with a letter';

export const name = () => matching(namePattern, nameExpected);

export const duration = () =>
  limited(positiveDurationPattern, 'a duration above zero and up to 24d, such as 500ms, 30s, 5m, 2h or 7d');

export const durationOrZero = () =>
  limited(durationPattern, 'a duration up to 24d, such as 0s, 500ms, 30s, 5m, 2h or 7d');

export const size = () => matching(sizePattern, 'a size such as 512KB, 64MB or 1GB');

export const percentage = () => matching(percentagePattern, 'a percentage with its sign, such as 5% or 0.5%');

export const smallChance = () =>
  matching(smallChancePattern, 'a percentage above 0% and up to 20%, such as 1% or 0.5%');

/** No `~`: nothing expands it, and a folder of that name would be made. */
export const path = () =>
  matching(/^[^~\0][^\0]*$/, 'a path, absolute or from the folder of this file; ~ is not expanded');

export const urlPath = () => matching(/^\/[^\s#]*$/, 'a path that starts with /, such as /health');

/** What RFC 9110 allows in the name of a header, and RFC 6265 in that of a cookie. */
export const token = (expected: string) => matching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, expected);

export const approver = () =>
  matching(
    /^([a-z][a-z0-9-]{0,31}|group:S[A-Z0-9]{2,20})$/,
    'the id of a person, or a Slack user group such as group:S0123ABCD',
  );

export const port = () => whole({ min: 1, max: 65_535, expected: 'a port from 1 to 65535' });

/** As balancers take it: both parts are checked, since a driver that refuses one would not start. */
export function network() {
  const expected = 'an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8';
  const fits = (value: string) => {
    const [address = '', bits] = value.split('/');
    return isIP(address) !== 0 && Number(bits ?? 0) <= (isIP(address) === 6 ? 128 : 32);
  };
  return matching(/^[0-9A-Fa-f:.]{2,45}(\/\d{1,3})?$/, expected).refine(fits, { error: expected });
}

export function listen() {
  const expected = 'a port from 1 to 65535, or address:port such as "127.0.0.1:8080"';
  const inRange = (value: string | number) => {
    const { port: found } = parseListen(value);
    return found >= 1 && found <= 65_535;
  };
  const text = matching(listenPattern, expected).refine(inRange, { error: expected });
  return z.union([port(), text], { error: expected });
}

export function whole({
  min,
  max,
  expected,
}: {
  readonly min: number;
  readonly max: number;
  readonly expected: string;
}) {
  return z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

export const plainValue = z.union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' });

export const yesNo = () => z.boolean({ error: 'true or false' });

export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: values.length === 1 ? values[0] : `one of ${values.join(', ')}` });
}

export const text = (expected = 'a text') => z.string({ error: expected }).min(1, { error: expected });

export const matching = (pattern: RegExp, expected: string) =>
  z.string({ error: expected }).regex(pattern, { error: expected });

/** A mapping from keys that the user chooses. A separate rule checks the keys, so the values below are checked too. */
export function named<T extends z.ZodType>(value: T, keyPattern: RegExp, expected: string) {
  return z.record(z.string(), value, { error: expected }).meta({ propertyNames: { pattern: keyPattern.source } });
}

export const listOf = <T extends z.ZodType>(item: T, most: number) =>
  z.array(item, { error: 'a list' }).max(most, { error: `a list of at most ${most}` });

function limited(pattern: RegExp, expected: string) {
  const fits = (value: string) => !pattern.test(value) || parseDuration(value) <= longestMs;
  return matching(pattern, expected).refine(fits, { error: expected });
}
