// Who may read: who has the token, by a cookie after the first time, or whom the reader's own proxy names.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createAllowance, createTrust, leastWebToken, type WebSettings } from '@bg/engine';

export type Entry =
  /** `name`: as the proxy gives it. */
  | { readonly kind: 'reader'; readonly name: string | undefined }
  /** `isWrong`: it gave a proof, which is none. */
  | { readonly kind: 'unknown'; readonly isWrong: boolean }
  | { readonly kind: 'too-many'; readonly waitSeconds: number };

export interface Access {
  /** `source`: an address, as attempts are counted. */
  enter(request: IncomingMessage, source: string): Entry;
  /** The same for a token that was typed or is in a link. */
  present(token: string, source: string): Entry;
  /** Value of the header `Set-Cookie` for a reader who has given the token. */
  readonly cookie: string;
  readonly takesToken: boolean;
}

/** Wrong tokens of one source, then one in six seconds. */
const attempts = { burst: 10, perSecond: 1 / 6, mostSources: 10_000 };
const cookieName = 'bg_web';
const cookieSeconds = 30 * 24 * 3_600;
const longestName = 200;

export function createAccess(settings: WebSettings, token: string | undefined): Access {
  const allowance = createAllowance(attempts);
  const isProxy = createTrust(settings.trustedProxies);
  // Made from the token alone: it survives a restart, and a new token ends all sessions.
  const session = token && createHmac('sha256', token).update('session of the web page').digest('hex');
  const secure = settings.publicUrl?.startsWith('https:') === true ? '; Secure' : '';

  function present(given: string, source: string): Entry {
    const waitMs = allowance.wait(source, performance.now());
    if (waitMs > 0) return { kind: 'too-many', waitSeconds: Math.ceil(waitMs / 1_000) };
    if (token !== undefined && isSame(given, token)) return { kind: 'reader', name: undefined };
    allowance.spend(source, performance.now());
    return { kind: 'unknown', isWrong: true };
  }

  return {
    takesToken: token !== undefined,
    cookie: `${cookieName}=${session ?? ''}; Path=/; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Lax${secure}`,
    present,
    enter({ headers, socket }, source) {
      const name = settings.trustedHeader === undefined ? undefined : headers[settings.trustedHeader];
      if (typeof name === 'string' && name.trim() !== '' && isProxy(socket.remoteAddress))
        return { kind: 'reader', name: name.slice(0, longestName) };
      if (session !== undefined && cookiesNamed(headers.cookie).some((value) => isSame(value, session)))
        return { kind: 'reader', name: undefined };
      const bearer = /^Bearer (\S{1,1000})$/i.exec(headers.authorization ?? '')?.[1];
      return bearer === undefined ? { kind: 'unknown', isWrong: false } : present(bearer, source);
    },
  };
}

/** In constant time, whatever the lengths. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function cookiesNamed(header = ''): readonly string[] {
  return header
    .split(';', 50)
    .map((pair) => pair.trim().split('='))
    .flatMap(([name, value]) => (name === cookieName && value !== undefined ? [value] : []));
}

/** @throws Error with a sentence for people, where the page has no proof to ask for */
export function readToken({ token, trustedHeader }: WebSettings): string | undefined {
  const value = token?.file === undefined ? token?.value : readFileSync(token.file, 'utf8').trim();
  if (value === undefined) {
    if (trustedHeader !== undefined) return undefined;
    throw new Error('the token of the web page (web.token) is not given to this process');
  }
  if (value.length < leastWebToken || !/^[\x21-\x7e]+$/.test(value))
    throw new Error(`the token of the web page (web.token) must have at least ${leastWebToken} visible characters`);
  return value;
}
