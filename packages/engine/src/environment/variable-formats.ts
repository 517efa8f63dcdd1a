// What a required variable must look like, and whether what its address names can be reached. No sentence contains a
// value: of an address, only host and port.

import type { VariableFormat } from '../config/process/required-env.ts';
import { messageOf } from '../lib/errors.ts';
import { openTcp } from '../lib/tcp.ts';
import type { Variables } from './env-files.ts';

const formats: Readonly<Record<VariableFormat['format'], { readonly expected: string; fits(value: string): boolean }>> =
  {
    text: { expected: 'a text', fits: () => true },
    url: { expected: 'a URL, with characters like @, / and # of a password percent-encoded', fits: isUrl },
    integer: { expected: 'an integer', fits: (value) => /^[+-]?\d{1,18}$/.test(value) },
    number: { expected: 'a number', fits: (value) => /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) },
    port: { expected: 'a port from 1 to 65535', fits: (value) => /^\d{1,5}$/.test(value) && isPort(Number(value)) },
    boolean: {
      expected: 'true, false, 1, 0, yes, no, on or off',
      fits: (value) => /^(true|false|1|0|yes|no|on|off)$/i.test(value),
    },
    json: { expected: 'JSON', fits: isJson },
  };

const limitMs = 5_000;
const defaultPorts: Readonly<Record<string, number>> = {
  'postgres:': 5432,
  'postgresql:': 5432,
  'mysql:': 3306,
  'mariadb:': 3306,
  'redis:': 6379,
  'rediss:': 6379,
  'amqp:': 5672,
  'amqps:': 5671,
  'mongodb:': 27_017,
  'nats:': 4222,
  'http:': 80,
  'https:': 443,
};

/** One sentence for each variable that is there and does not have its format. */
export function misshapen(environment: Variables, wanted: readonly VariableFormat[]): readonly string[] {
  return wanted.flatMap(({ name, format }) => {
    const value = environment[name];
    return value === undefined || value === '' || formats[format].fits(value)
      ? []
      : [`${name} must be ${formats[format].expected}`];
  });
}

/** One sentence for each address that accepts no connection. All are checked at the same time. */
export async function unreachable(
  environment: Variables,
  wanted: readonly VariableFormat[],
): Promise<readonly string[]> {
  const asked = wanted
    .filter(({ name, reachable }) => reachable && (environment[name] ?? '') !== '')
    .map(async ({ name }) => {
      const place = placeOf(environment[name] ?? '');
      if (place === undefined) return [`the address in ${name} names no host and port that could be reached`];
      return openTcp({ ...place, timeoutMs: limitMs }).then(
        () => [],
        (thrown: unknown) => [`what ${name} names cannot be reached: ${messageOf(thrown)}`],
      );
    });
  return (await Promise.all(asked)).flat();
}

function placeOf(address: string): { readonly host: string; readonly port: number } | undefined {
  if (!isUrl(address)) return undefined;
  const { protocol, hostname, port } = new URL(address);
  const number = port === '' ? defaultPorts[protocol] : Number(port);
  const host = decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1');
  return host === '' || host.startsWith('/') || number === undefined ? undefined : { host, port: number };
}

/** A `#` or `/` in a password that is not encoded would make a host of a part of it. */
function isUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && !/\s/.test(value) && (url.username !== '' || url.password !== '' || !value.includes('@'));
}

const isPort = (port: number): boolean => port >= 1 && port <= 65_535;

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
