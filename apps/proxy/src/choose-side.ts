// Decides from values only which side serves a request: preview token first, then named users, then the canary's share
// of users, then the active side.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ProxySpec, Routing, SlotName } from '@bg/engine';
import { bucketsInAll } from '@bg/engine/counting';
import type { Buckets } from './buckets.ts';
import { readCookie } from './cookies.ts';

export interface Asker {
  readonly headers: IncomingHttpHeaders;
  readonly address: string;
}

export type Choice =
  | {
      readonly kind: 'side';
      readonly slot: SlotName;
      readonly route: 'active' | 'canary' | 'allowed' | 'preview';
      readonly probe: boolean;
      /** A new user's key, to be set as cookie with the answer. */
      readonly newKey: string | undefined;
      /** Whose request it is, for the counts: the user's bucket or the name, else the address. */
      readonly client: string | number;
    }
  | { readonly kind: 'nobody'; readonly sentence: string };

/** Compares secrets in constant time: the time does not show how much of one was right. */
export interface Secrets {
  isPreviewToken(given: string | undefined): boolean;
  isProbe(given: string | undefined): boolean;
}

/** What a choice is made with, besides the asker and the routing. */
export interface Rules {
  readonly spec: ProxySpec;
  readonly secrets: Secrets;
  readonly buckets: Buckets;
}

interface UserKey {
  readonly bucket: number;
  readonly newKey: string | undefined;
  readonly client: string | number;
}

export function chooseSide(asker: Asker, routing: Routing, { spec, secrets, buckets }: Rules): Choice {
  const { address } = asker;
  const probe = secrets.isProbe(single(asker.headers[spec.probe.header]));
  const desired = previewRequest(asker, spec, secrets);
  if (desired !== undefined && routing.preview !== undefined)
    return { kind: 'side', slot: routing.preview, route: 'preview', probe, newKey: undefined, client: address };
  // A cookie stays in a browser when the preview is over: its owner is then an ordinary user. A header is a request.
  if (desired === 'header') return { kind: 'nobody', sentence: 'There is no preview at present.' };
  const newSide = routing.canary?.slot ?? routing.preview;
  if (newSide !== undefined && isNamed(asker, spec))
    return { kind: 'side', slot: newSide, route: 'allowed', probe, newKey: undefined, client: address };
  if (routing.active === undefined) return { kind: 'nobody', sentence: 'No release is live yet.' };

  const { canary } = routing;
  const known = keyOf(asker, { spec, buckets, isDecisive: canary !== undefined });
  const newKey = probe ? undefined : known.newKey;
  const { client } = known;
  if (
    canary !== undefined &&
    ((probe ? askedBucket(asker, spec) : undefined) ?? known.bucket) < canary.percent * (bucketsInAll / 100)
  )
    return { kind: 'side', slot: canary.slot, route: 'canary', probe, newKey, client };
  return { kind: 'side', slot: routing.active, route: 'active', probe, newKey, client };
}

export function secretsOf(spec: ProxySpec): Secrets {
  const isToken = spec.preview === undefined ? () => false : equals(spec.preview.token);
  const isNonce = equals(spec.probe.nonce);
  return {
    isPreviewToken: (given) => given !== undefined && isToken(given),
    isProbe: (given) => given !== undefined && isNonce(given),
  };
}

function previewRequest({ headers }: Asker, { preview }: ProxySpec, secrets: Secrets): 'header' | 'cookie' | undefined {
  if (preview === undefined) return undefined;
  if (preview.host !== undefined && secrets.isPreviewToken(tokenInHost(headers.host, preview.host))) return 'header';
  if (secrets.isPreviewToken(single(headers[preview.header.toLowerCase()]))) return 'header';
  if (secrets.isPreviewToken(readCookie(headers.cookie, preview.cookie))) return 'cookie';
  return undefined;
}

function isNamed({ headers }: Asker, { allow }: ProxySpec): boolean {
  if (allow === undefined) return false;
  const given =
    allow.by === 'header' ? single(headers[allow.name.toLowerCase()]) : readCookie(headers.cookie, allow.name);
  return given !== undefined && allow.values.includes(given);
}

/** A header is hashed only where the bucket decides something. */
function keyOf(
  { headers, address }: Asker,
  { spec: { sticky }, buckets, isDecisive }: Pick<Rules, 'spec' | 'buckets'> & { readonly isDecisive: boolean },
): UserKey {
  if (sticky.by !== 'cookie') {
    const named = sticky.by === 'header' ? single(headers[sticky.name.toLowerCase()]) : undefined;
    const client = named || address;
    return { bucket: isDecisive ? buckets.bucketOfName(client) : 0, newKey: undefined, client };
  }
  const token = readCookie(headers.cookie, sticky.name);
  const bucket = token === undefined ? undefined : buckets.bucketOfToken(token);
  if (bucket !== undefined) return { bucket, newKey: undefined, client: bucket };
  // A value that is not ours counts as none: its sender draws a bucket like any other user.
  const newKey = buckets.draw();
  return { bucket: buckets.bucketOfToken(newKey) ?? 0, newKey, client: address };
}

function askedBucket({ headers }: Asker, { probe: names }: ProxySpec): number | undefined {
  const asked = single(headers[names.bucketHeader]);
  return asked !== undefined && /^\d{1,4}$/.test(asked) ? Number(asked) : undefined;
}

/** Of `<token>.<door>`; port, case and a final dot make no difference. */
export function tokenInHost(host: string | undefined, door: string): string | undefined {
  const name = host?.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();
  return name?.endsWith(`.${door}`) ? name.slice(0, -door.length - 1) : undefined;
}

const single = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' || value === undefined ? value : value[0];

function equals(secret: string): (given: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}
