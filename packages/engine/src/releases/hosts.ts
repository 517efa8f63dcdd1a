// Which addresses may be asked for files: only those of configured hosts, encrypted, in no private network, unless the
// configuration says otherwise for that host. Pure.

import { BlockList, isIP } from 'node:net';
import type { AllowedHost } from '../config/artifacts/settings.ts';
import { refused } from './refused.ts';

export interface Door {
  readonly url: URL;
  readonly host: AllowedHost;
}

/** @throws BlueGreenError `artifact-refused` */
export function doorTo(text: string, hosts: readonly AllowedHost[], before?: URL): Door {
  const url = parse(text, before);
  const shown = shownUrl(url);
  const redirects = before ? `${shownUrl(before)} redirects to ${shown}` : shown;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(`${redirects}: only https is fetched`);
  if (url.username !== '' || url.password !== '')
    throw refused(`${redirects}: an address must hold no password; name \`authorization\` of that host instead`);
  const host = hosts.find((each) => fits(each, url));
  if (!host)
    throw refused(
      before
        ? `${redirects}, and ${url.host} is not one of the hosts in \`artifacts.hosts\``
        : `${shown} is not fetched: ${url.host} is not one of the hosts in \`artifacts.hosts\``,
    );
  if (url.protocol === 'http:' && !host.http)
    throw refused(`${redirects}: ${url.host} may be asked only over https, unless \`http: true\` is said for it`);
  return { url, host };
}

/** @throws BlueGreenError `artifact-refused` for an address that is not of the public internet */
export function checkAddress({ url, host }: Door, address: string): void {
  if (host.privateAddresses || !isPrivate(address)) return;
  throw refused(
    `${url.hostname} is ${address}, which is no public address: say \`privateAddresses: true\` for that host if it is yours`,
  );
}

/** Without its query, which may hold a signature, and without a password. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  const path = pathname.length > 200 ? `${pathname.slice(0, 199)}…` : pathname;
  return `${protocol}//${host}${path}`;
}

function parse(text: string, before: URL | undefined): URL {
  try {
    return new URL(text, before);
  } catch (thrown) {
    throw refused(`what was announced to be fetched is no address: ${JSON.stringify(text.slice(0, 200))}`, thrown);
  }
}

function fits({ name, port }: AllowedHost, url: URL): boolean {
  const isNamed = name.startsWith('*.') ? url.hostname.endsWith(name.slice(1)) : url.hostname === name;
  return isNamed && (port === undefined ? url.port === '' : url.port === String(port) || isUsual(url, port));
}

/** An address does not hold its port where it is the usual one. */
const isUsual = ({ port, protocol }: URL, requested: number) =>
  port === '' && requested === (protocol === 'https:' ? 443 : 80);

const notPublic = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  notPublic.addSubnet(network, bits, 'ipv4');
const public6 = new BlockList();
public6.addSubnet('2000::', 3, 'ipv6');
/** Each holds an IPv4 address, or is for documents. */
const notPublic6 = new BlockList();
notPublic6.addSubnet('2001::', 23, 'ipv6');
notPublic6.addSubnet('2001:db8::', 32, 'ipv6');
notPublic6.addSubnet('2002::', 16, 'ipv6');
notPublic6.addSubnet('3fff::', 20, 'ipv6');

/** Anything that is not known to be of the public internet: this machine, private, shared, link-local, metadata, multicast. */
export function isPrivate(address: string): boolean {
  if (isIP(address) === 4) return notPublic.check(address, 'ipv4');
  if (isIP(address) !== 6) return true;
  return !public6.check(address, 'ipv6') || notPublic6.check(address, 'ipv6');
}
