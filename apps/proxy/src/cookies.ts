// The few cookies that the balancer itself reads. Anything else in the header passes unchanged.

/** The value of the first cookie of that name, as sent. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined || !header.includes(name)) return undefined;
  for (const pair of header.split(';')) {
    const [key, value] = splitPair(pair);
    if (key === name) return value;
  }
  return undefined;
}

/** The header without cookies of that name; undefined when nothing is left. */
export function withoutCookie(header: string, name: string): string | undefined {
  if (!header.includes(name)) return header;
  const kept = header.split(';').filter((pair) => splitPair(pair)[0] !== name);
  const rest = kept.join(';').trim();
  return rest === '' ? undefined : rest;
}

/** Lives so long that no user changes sides within a canary. Scripts cannot read it: only the balancer needs it. */
export function bucketCookie(name: string, value: string): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000`;
}

/** Until the browser is closed: an instance does not live as long as a user. */
export const sessionCookie = (name: string, value: string): string =>
  `${name}=${value}; Path=/; HttpOnly; SameSite=Lax`;

function splitPair(pair: string): readonly [name: string, value: string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair.trim(), ''] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}
