// Requests as bytes, and how each driver's balancer must treat them: names of headers, sizes, where a message ends.

import { type ConformanceCase, get, head, healthPath, type Outcome, seen, status } from './case.ts';

const named = (name: string, header: string, more: Partial<ConformanceCase> = {}): ConformanceCase => ({
  name: `header names: ${name}`,
  bytes: get(`${header}: yes`),
  show: seen(header.toLowerCase()),
  expected: `200 ${header.toLowerCase()}=yes`,
  ...more,
});
const dropped = {
  differs: { nginx: '200 x_my_header=-' },
  why: 'nginx drops these: its configuration cannot tell `X_Real_IP` from `X-Real-IP`, so that users could speak for a trusted proxy',
};
/** Services that read headers as CGI does treat `-`, `_` and `.` as the same: a client must not set our headers. */
const mistaken = (header: string): ConformanceCase => ({
  ...named(`\`${header}\` of a stranger`, header),
  expected: `200 ${header.toLowerCase()}=-`,
});

const names: readonly ConformanceCase[] = [
  named('with `_`', 'X_My_Header', dropped),
  named('with `.`', 'X.My.Header', { ...dropped, differs: { nginx: '200 x.my.header=-' } }),
  mistaken('X_Forwarded_For'),
  mistaken('X-Forwarded_For'),
  mistaken('X.Forwarded.Proto'),
  mistaken('X_Real_IP'),
  mistaken('X_Request_Id'),
  mistaken('X_Preview'),
  mistaken('X_Bluegreen_Probe'),
  { name: 'header names: with a space', bytes: get('X My: 1'), show: status, expected: '400' },
  { name: 'header names: a space before the colon', bytes: get('X-My : 1'), show: status, expected: '400' },
  {
    name: 'headers of one connection',
    bytes: get(
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'Proxy-Authorization: Basic YQ==',
    ),
    show: seen('keep-alive', 'proxy-connection', 'te', 'proxy-authorization'),
    expected: '200 keep-alive=- proxy-connection=- te=- proxy-authorization=-',
  },
  {
    name: 'a header that `Connection` names',
    bytes: head('GET / HTTP/1.1', 'Host: shop.example', 'X-Mine: 1', 'Connection: close, X-Mine'),
    show: seen('x-mine'),
    expected: '200 x-mine=-',
    differs: { nginx: '200 x-mine=1', haproxy: '200 x-mine=1' },
    why: 'neither can remove a header whose name comes with the request; those of one connection are removed by name',
  },
];

const sized = (name: string, bytes: string, expected: string): ConformanceCase => ({
  name: `sizes: ${name}`,
  bytes,
  show: status,
  expected,
});
const cookie = (bytes: number): string => get(`Cookie: a=${'x'.repeat(bytes)}`);
const path = (at: string): string => head(`GET ${at} HTTP/1.1`, 'Host: shop.example', 'Connection: close');
const many = (bytes: number, each = 16): string =>
  get(...Array.from({ length: bytes / each }, () => `x-name: ${'x'.repeat(each - 10)}`));

/** 16 KiB, the default of `maxHeaderBytes`. */
const sizes: readonly ConformanceCase[] = [
  sized('a cookie of 15 KB', cookie(15_000), '200'),
  sized('a cookie of 25 KB', cookie(25_000), '431'),
  sized('an address of 15 KB', path(`/${'x'.repeat(15_000)}`), '200'),
  sized('an address of 25 KB', path(`/${'x'.repeat(25_000)}`), '431'),
  sized('small headers of 15 KB together', many(15_000), '200'),
  sized('small headers of 30 KB together', many(30_000), '431'),
  sized('an answer of 15 KB', path('/answer/15000'), '200'),
  sized('an answer of 25 KB', path('/answer/25000'), '502'),
];

/** With `maxHeaderBytes: 65536`. */
export const wideCases: readonly ConformanceCase[] = [
  sized('a cookie of 60 KB', cookie(60_000), '200'),
  sized('a cookie of 90 KB', cookie(90_000), '431'),
  sized('an address of 60 KB', path(`/${'x'.repeat(60_000)}`), '200'),
  sized('an address of 90 KB', path(`/${'x'.repeat(90_000)}`), '431'),
  sized('headers of 100 bytes, 60 KB together', many(60_000, 100), '200'),
  sized('headers of 100 bytes, 90 KB together', many(90_000, 100), '431'),
  sized('an answer of 60 KB', path('/answer/60000'), '200'),
  sized('an answer of 90 KB', path('/answer/90000'), '502'),
];

const post = (...lines: readonly string[]): string =>
  head('POST / HTTP/1.1', 'Host: shop.example', ...lines, 'Connection: close');
const framed = (name: string, bytes: string, more: Partial<ConformanceCase> = {}): ConformanceCase => ({
  name: `framing: ${name}`,
  bytes,
  show: status,
  expected: '400',
  ...more,
});
const padded = `GET /a HTTP/1.1\r\nHost: shop.example\r\nX-Pad: ${'x'.repeat(200)}\r\n\r\n`;

const itself = ({ status: code, seen: at, answer }: Outcome): string =>
  `${code} ${JSON.stringify(answer.split('\r\n\r\n')[1])} ${at === undefined ? 'by the balancer' : 'by the service'}`;

const health: readonly ConformanceCase[] = [
  {
    name: 'the health of the balancer',
    bytes: path(healthPath),
    show: itself,
    expected: '200 "ok\\n" by the balancer',
  },
  {
    name: 'the health of the balancer, with a query',
    bytes: path(`${healthPath}?from=monitor`),
    show: itself,
    expected: '200 "ok\\n" by the balancer',
  },
  {
    name: 'a longer path than that of the health',
    bytes: path(`${healthPath}/x`),
    show: itself,
    expected: '200 "done" by the service',
  },
];

const framing: readonly ConformanceCase[] = [
  framed(
    'Content-Length and Transfer-Encoding',
    `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    {
      differs: { haproxy: '200' },
      why: 'HAProxy goes by Transfer-Encoding and removes Content-Length, as RFC 9112 (6.1) allows',
    },
  ),
  framed('two Content-Lengths', `${post('Content-Length: 2', 'Content-Length: 3')}hi`),
  framed('Content-Length: +2', `${post('Content-Length: +2')}hi`),
  framed('an unknown Transfer-Encoding', `${post('Transfer-Encoding: cow')}0\r\n\r\n`, {
    differs: { nginx: '501' },
    why: 'nginx says 501, as RFC 9112 (6.1) advises',
  }),
  framed('a folded header', get('X-Folded: a', ' b'), {
    differs: { haproxy: '200' },
    why: 'HAProxy joins the lines by blanks, as RFC 9112 (5.2) allows',
  }),
  framed('a NUL in a value', get('X-Nul: a\0b')),
  {
    name: 'many requests at once on one connection',
    bytes: `${padded.repeat(200)}${get()}`,
    show: ({ answer }) => `${answer.split('HTTP/1.1 200').length - 1} answers`,
    expected: '201 answers',
  },
];

export const messageCases: readonly ConformanceCase[] = [...names, ...sizes, ...health, ...framing];
