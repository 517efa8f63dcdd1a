// Who goes where, decided from values alone: preview token first, then named users, then the canary's share of users,
// then the active side.

import { createHash, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ProxySpec, Routing, SlotName } from '@bg/engine';
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
    }
  | { readonly kind: 'nobody'; readonly sentence: string };

/** Compares secrets without telling by time how much of one was right. */
export interface Secrets {
  isPreviewToken(given: string | undefined): boolean;
  isProbe(given: string | undefined): boolean;
}

interface UserKey {
  readonly key: string;
  readonly newKey: string | undefined;
}

export const bucketsInAll = 10_000;

export function chooseSide(asker: Asker, routing: Routing, spec: ProxySpec, secrets: Secrets): Choice {
  const probe = secrets.isProbe(single(asker.headers[spec.probe.header]));
  const wish = previewWish(asker, spec, secrets);
  if (wish !== undefined && routing.preview !== undefined)
    return { kind: 'side', slot: routing.preview, route: 'preview', probe, newKey: undefined };
  // A cookie stays in a browser when the preview is over: its owner is then a user like any other. A header is a wish.
  if (wish === 'header') return { kind: 'nobody', sentence: 'There is no preview at present.' };
  const newSide = routing.canary?.slot ?? routing.preview;
  if (newSide !== undefined && isNamed(asker, spec))
    return { kind: 'side', slot: newSide, route: 'allowed', probe, newKey: undefined };
  if (routing.active === undefined) return { kind: 'nobody', sentence: 'No release is live yet.' };

  const { key, newKey } = keyOf(asker, spec, probe);
  const { canary } = routing;
  if (canary !== undefined && bucketFor(asker, spec, probe, key) < canary.percent * (bucketsInAll / 100))
    return { kind: 'side', slot: canary.slot, route: 'canary', probe, newKey };
  return { kind: 'side', slot: routing.active, route: 'active', probe, newKey };
}

/** Uniform over 0…9999: a user keeps the bucket, so that raising a canary's share moves nobody back. */
export function bucketOfKey(key: string): number {
  return Number.parseInt(hash('sha256', key, 'hex').slice(0, 8), 16) % bucketsInAll;
}

export function secretsOf(spec: ProxySpec): Secrets {
  const isToken = spec.preview === undefined ? () => false : equals(spec.preview.token);
  const isNonce = equals(spec.probe.nonce);
  return {
    isPreviewToken: (given) => given !== undefined && isToken(given),
    isProbe: (given) => given !== undefined && isNonce(given),
  };
}

function previewWish({ headers }: Asker, { preview }: ProxySpec, secrets: Secrets): 'header' | 'cookie' | undefined {
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

function keyOf({ headers, address }: Asker, { sticky }: ProxySpec, probe: boolean): UserKey {
  if (sticky.by === 'header') return { key: single(headers[sticky.name.toLowerCase()]) || address, newKey: undefined };
  if (sticky.by === 'address') return { key: address, newKey: undefined };
  const known = readCookie(headers.cookie, sticky.name);
  if (known) return { key: known, newKey: undefined };
  const fresh = randomBytes(12).toString('hex');
  return { key: fresh, newKey: probe ? undefined : fresh };
}

function bucketFor({ headers }: Asker, { probe: names }: ProxySpec, probe: boolean, key: string): number {
  const asked = probe ? single(headers[names.bucketHeader]) : undefined;
  return asked !== undefined && /^\d{1,4}$/.test(asked) ? Number(asked) : bucketOfKey(key);
}

/** Of `<token>.<door>`, port and case aside. */
export function tokenInHost(host: string | undefined, door: string): string | undefined {
  const name = host?.replace(/:\d+$/, '').toLowerCase();
  return name?.endsWith(`.${door}`) ? name.slice(0, -door.length - 1) : undefined;
}

const single = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' || value === undefined ? value : value[0];

function equals(secret: string): (given: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}
