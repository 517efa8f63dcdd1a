// Where a request comes from, as it is counted: an IPv4 address, or the /64 network of an IPv6 address, since a host
// with one address of that network has them all.

import { BlockList, isIP } from 'node:net';

/** `loopback`, an address, or a network such as 10.0.0.0/8. */
export function isNetwork(text: string): boolean {
  if (text === 'loopback') return true;
  const [address = '', bits = '1', ...rest] = text.split('/');
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most;
}

/** Whether an address is one of `networks`, each of which `isNetwork`. */
export function createTrust(networks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const network of networks.flatMap((each) => (each === 'loopback' ? ['127.0.0.0/8', '::1'] : [each]))) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return (address) => {
    const plain = plainOf(address);
    return plain !== undefined && list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  };
}

export function sourceOf(address: string | undefined): string {
  const plain = plainOf(address);
  if (plain === undefined) return 'unknown';
  return isIP(plain) === 4 ? plain : networkOf(plain);
}

/** Without zone, and as IPv4 where it is an IPv4-mapped IPv6 address. */
function plainOf(address: string | undefined): string | undefined {
  if (address === undefined || isIP(address) === 0) return undefined;
  const plain = address.replace(/%.*$/, '').toLowerCase();
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1] ?? plain;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head.split(':').filter((group) => group !== '');
  // Without a gap all eight groups are there; what follows a gap is not of the first four unless the gap is short.
  const after = (tail ?? '').split(':').filter((group) => group !== '');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: gap }, () => '0'), ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
