// People with a browser each: a cookie jar, and one request at a time.

export interface User {
  readonly number: number;
  busy: boolean;
  readonly jar: Map<string, string>;
}

export interface Users {
  /** The next one who is not waiting for an answer; undefined when all are. */
  next(): User | undefined;
}

export function createUsers(count: number): Users {
  const users = Array.from({ length: count }, (_, number): User => ({ number, busy: false, jar: new Map() }));
  let at = 0;
  return {
    next: () => {
      for (let tries = 0; tries < count; tries += 1) {
        const user = users[at];
        at = (at + 1) % count;
        if (user && !user.busy) return user;
      }
      return undefined;
    },
  };
}

export function cookieHeader({ jar }: User): string | undefined {
  return jar.size === 0 ? undefined : [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

export function keepCookies({ jar }: User, setCookies: readonly string[]): void {
  for (const text of setCookies) {
    const [pair = ''] = text.split(';');
    const equals = pair.indexOf('=');
    if (equals > 0) jar.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
}
