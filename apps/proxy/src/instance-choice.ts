// What a request says about the instance that is to answer it, and what its answer says about the one that did.

import type { IncomingMessage } from 'node:http';
import { instanceCookie, instanceHeader } from '@bg/engine/counting';
import type { Choice } from './choose-side.ts';
import { readCookie } from './cookies.ts';
import type { Choosing, Instance } from './side.ts';
import type { Site } from './site.ts';

/** How many instances one request is tried on. */
export const mostTries = 3;

export type Asked = Omit<Choosing, 'tried'>;

type Chosen = Choice & { readonly kind: 'side' };

export function askedInstance({ headers }: IncomingMessage, { slot, probe }: Chosen, { sides, spec }: Site): Asked {
  if (!sides[slot].hasSeveral) return {};
  const named = probe ? headers[instanceHeader] : undefined;
  return {
    asked: typeof named === 'string' && /^\d{1,4}$/.test(named) ? Number(named) : undefined,
    wanted: spec.sticky.instance ? readCookie(headers.cookie, instanceCookie) : undefined,
  };
}

export interface ServedBy {
  readonly number: number;
  /** Set where the user must learn it. */
  readonly cookie: string | undefined;
}

/** Undefined where the side has one instance, which nobody asks about. */
export function servedBy(
  instance: Instance,
  { asked, choice: { slot, probe }, site: { sides, spec } }: Readonly<{ asked: Asked; choice: Chosen; site: Site }>,
): ServedBy | undefined {
  if (!sides[slot].hasSeveral) return undefined;
  const mustLearn = spec.sticky.instance === true && !probe && asked.wanted !== instance.name;
  return { number: instance.number, cookie: mustLearn ? instance.name : undefined };
}

/** Nothing was sent: any request may go to another instance. */
export const foundNoConnection = (error: Error): boolean => 'syscall' in error && error.syscall === 'connect';
