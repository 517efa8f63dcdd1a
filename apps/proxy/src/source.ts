// Where a request comes from: the connection's other end, or the user that a trusted proxy in front names.

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { InvalidInput } from './parse.ts';

export type Trust = (address: string) => boolean;

/** @throws InvalidInput naming what is no address and no network. */
export function trustIn(proxies: readonly string[]): Trust {
  if (proxies.length === 0) return () => false;
  const list = new BlockList();
  for (const each of proxies) {
    const [address = '', bits] = each.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (isIP(address) === 0 || !(prefix <= most))
      throw new InvalidInput(`trustedProxies: ${JSON.stringify(each)} is no address and no network such as 10.0.0.0/8`);
    list.addSubnet(address, prefix, family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The connection's other end; IPv4 in its plain form. */
export function peerOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/**
 * The last address on the way that no trusted proxy vouches for: the first of all where each is trusted, as for a user
 * inside a trusted network; the peer itself where it is not trusted, or names no address.
 */
export function sourceOf(request: IncomingMessage, isTrusted: Trust): string {
  const peer = peerOf(request);
  if (!isTrusted(peer)) return peer;
  const named = `${request.headers['x-forwarded-for'] ?? ''}`
    .split(',')
    .map((each) => each.trim())
    .filter((each) => isIP(each) !== 0);
  return named.findLast((each) => !isTrusted(each)) ?? named[0] ?? peer;
}
