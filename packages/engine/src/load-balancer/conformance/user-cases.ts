// Requests as bytes, and how each driver's balancer must treat them: who asks for what, and where the preview's token
// may hide.

import { type ConformanceCase, get, head, type Outcome, previewHost, previewToken, seen, status } from './case.ts';

/** Where the token may hide: it never reaches the service, and the rest of the header is preserved. */
const hidden = ({ status: code, seen: at }: Outcome): string =>
  `${code} ${
    JSON.stringify([...(at?.headers ?? [])])
      .toLowerCase()
      .includes(previewToken.toLowerCase())
      ? 'leaked'
      : 'clean'
  }`;

const door = `${previewToken}.${previewHost}`;

const hosts: readonly ConformanceCase[] = [
  {
    name: 'HTTP/1.0 without Host',
    bytes: head('GET / HTTP/1.0'),
    show: ({ status: code, seen: at }) => `${code} ${at?.headers.has('host') ? 'with a Host' : 'without a Host'}`,
    expected: '200 with a Host',
  },
  { name: 'HTTP/1.1 without Host', bytes: head('GET / HTTP/1.1', 'Connection: close'), show: status, expected: '400' },
  { name: 'two different Hosts', bytes: get('Host: other.example'), show: status, expected: '400' },
  {
    name: '`Connection: close, Host`',
    bytes: head('GET / HTTP/1.1', 'Host: shop.example', 'Cookie: a=1', 'Connection: close, Host, Cookie'),
    show: seen('host', 'cookie'),
    expected: '200 host=shop.example cookie=a=1',
  },
  {
    name: 'an address in the request line',
    bytes: head('GET http://shop.example/a?b=c HTTP/1.1', 'Host: shop.example', 'Connection: close'),
    show: ({ status: code, seen: at }) => `${code} ${at?.path}`,
    expected: '200 /a?b=c',
  },
];

const handshake = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const upgrade = (...lines: readonly string[]): string =>
  head('GET / HTTP/1.1', 'Host: shop.example', ...handshake, ...lines, 'Connection: Upgrade, HTTP2-Settings');
const withBody = (method: string): string => {
  const lines = [...handshake, 'Upgrade: websocket', 'Connection: Upgrade', 'Content-Length: 2'];
  return `${head(`${method} / HTTP/1.1`, 'Host: shop.example', ...lines)}hi`;
};
const upgradeSeen = seen('upgrade', 'http2-settings');
const ordinary = '200 upgrade=- http2-settings=-';

const upgrades: readonly ConformanceCase[] = [
  {
    name: 'Upgrade: websocket',
    bytes: upgrade('Upgrade: websocket'),
    show: seen('upgrade'),
    expected: '101 upgrade=websocket',
  },
  {
    name: 'Upgrade: h2c',
    bytes: upgrade('Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
    show: upgradeSeen,
    expected: ordinary,
  },
  { name: 'Upgrade: websocket, h2c', bytes: upgrade('Upgrade: websocket, h2c'), show: upgradeSeen, expected: ordinary },
  { name: 'Upgrade: TLS/1.0', bytes: upgrade('Upgrade: TLS/1.0'), show: upgradeSeen, expected: ordinary },
  {
    name: 'two Upgrade headers',
    bytes: upgrade('Upgrade: websocket', 'Upgrade: h2c'),
    show: upgradeSeen,
    expected: ordinary,
    differs: { nginx: '101 upgrade=websocket http2-settings=-' },
    why: 'nginx shows its configuration the first of them only; the other is dropped',
  },
  {
    name: 'Upgrade without Connection: Upgrade',
    bytes: get(...handshake, 'Upgrade: websocket'),
    show: upgradeSeen,
    expected: ordinary,
  },
  {
    name: 'POST with Upgrade: websocket',
    bytes: withBody('POST'),
    show: upgradeSeen,
    expected: ordinary,
  },
  {
    name: 'GET with a body and Upgrade: websocket',
    bytes: withBody('GET'),
    show: upgradeSeen,
    expected: ordinary,
  },
];

const token = (name: string, lines: readonly string[], more: Partial<ConformanceCase> = {}): ConformanceCase => ({
  name: `preview token: ${name}`,
  bytes: get(...lines),
  show: hidden,
  expected: '200 clean',
  ...more,
});

const tokens: readonly ConformanceCase[] = [
  {
    name: 'preview token: Host',
    bytes: head('GET / HTTP/1.1', `Host: ${door}`, 'Connection: close'),
    show: seen('host', 'x-forwarded-host'),
    expected: `200 host=${previewHost} x-forwarded-host=${previewHost}`,
  },
  {
    name: 'preview token: Host with a final dot and a port',
    bytes: head('GET / HTTP/1.1', `Host: ${door}.:8080`, 'Connection: close'),
    show: seen('host', 'x-forwarded-host'),
    expected: `200 host=${previewHost}:8080 x-forwarded-host=${previewHost}:8080`,
  },
  {
    name: 'preview token: a wrong one in Host',
    bytes: head('GET / HTTP/1.1', `Host: x${door}`, 'Connection: close'),
    show: seen('host'),
    expected: `200 host=${previewHost}`,
  },
  token('header', [`X-Preview: ${previewToken}`]),
  token('wrong header', [`X-Preview: x${previewToken}`]),
  token('cookie', [`Cookie: a=1; bg_preview=${previewToken}; b=2`], {
    show: seen('cookie'),
    expected: '200 cookie=a=1; b=2',
  }),
  token('cookie with a blank before `=`', [`Cookie: a=1; bg_preview =${previewToken}; b=2`], {
    show: seen('cookie'),
    expected: '200 cookie=a=1; b=2',
  }),
  token('cookie with a tab', [`Cookie: a=1;\tbg_preview\t= ${previewToken}`], {
    show: seen('cookie'),
    expected: '200 cookie=a=1',
  }),
  token('cookie twice', [`Cookie: bg_preview=${previewToken}; a=1; bg_preview=${previewToken}`], {
    show: seen('cookie'),
    expected: '200 cookie=a=1',
  }),
  token('two Cookie headers', ['Cookie: a=1', `Cookie: bg_preview=${previewToken}`]),
  token('Referer', [`Referer: http://${door}/cart?x=1`], {
    show: seen('referer'),
    expected: `200 referer=http://${previewHost}/cart?x=1`,
  }),
  token('Referer with a final dot and a port', [`Referer: http://${door}.:8080/cart`], {
    show: seen('referer'),
    expected: `200 referer=http://${previewHost}:8080/cart`,
  }),
  token('Referer of a user', ['Referer: http://shop.example/cart?x=1'], {
    show: seen('referer'),
    expected: '200 referer=http://shop.example/cart?x=1',
  }),
  token('Referer twice', ['Referer: http://shop.example/', `Referer: http://${door}/`]),
  token('address within a Referer', [`Referer: http://shop.example/?u=http%3A%2F%2F${door}%2F`]),
  token('address in a Referer, in capitals', [`Referer: HTTP://${door.toUpperCase()}/`]),
  token('Origin', [`Origin: http://${door}:8080`], {
    show: seen('origin'),
    expected: `200 origin=http://${previewHost}:8080`,
  }),
  token('X-Forwarded-Host of a stranger', [`X-Forwarded-Host: ${door}`]),
  token('X-Forwarded-Host of a trusted proxy', [`X-Forwarded-Host: ${door}`], {
    trusted: true,
    show: seen('x-forwarded-host'),
    expected: `200 x-forwarded-host=${previewHost}`,
  }),
  token('Forwarded of a stranger', [`Forwarded: host=${door}`]),
  token('Forwarded of a trusted proxy', [`Forwarded: host="${door}";proto=https`], { trusted: true }),
  {
    name: 'preview answers: Referrer-Policy',
    bytes: get(`X-Preview: ${previewToken}`),
    show: ({ answer }) => /\r\nreferrer-policy: *([^\r]*)/i.exec(answer)?.[1] ?? '-',
    expected: 'same-origin',
  },
];

export const userCases: readonly ConformanceCase[] = [...hosts, ...upgrades, ...tokens];
