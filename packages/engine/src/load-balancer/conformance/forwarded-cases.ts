// Requests as bytes that name the user and the protocol: accepted from trusted proxies, replaced for all other senders.

import { type ConformanceCase, get, otherTrustedAddress, seen, trustedAddress } from './case.ts';

const forged = [
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Port: 443',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Server: evil',
  'X-Forwarded-Ssl: on',
  'X-Real-IP: 203.0.113.7',
  'Forwarded: for=203.0.113.7;host=evil.example',
];
const forwardedSeen = seen(
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'forwarded',
);
const nothingElse = 'x-forwarded-port=- x-forwarded-prefix=- x-forwarded-server=- x-forwarded-ssl=- forwarded=-';

export const forwardedCases: readonly ConformanceCase[] = [
  {
    name: 'forwarded headers of a stranger',
    bytes: get(...forged),
    show: forwardedSeen,
    expected: `200 x-forwarded-for=127.0.0.1 x-forwarded-proto=http x-forwarded-host=shop.example x-real-ip=127.0.0.1 ${nothingElse}`,
  },
  {
    name: 'forwarded headers of a trusted proxy',
    bytes: get(...forged),
    trusted: true,
    show: forwardedSeen,
    expected:
      `200 x-forwarded-for=203.0.113.7, ${trustedAddress} x-forwarded-proto=https x-forwarded-host=evil.example x-real-ip=203.0.113.7 ` +
      'x-forwarded-port=443 x-forwarded-prefix=/evil x-forwarded-server=evil x-forwarded-ssl=on forwarded=for=203.0.113.7;host=evil.example',
  },
  {
    name: 'a chain of trusted proxies',
    bytes: get(`X-Forwarded-For: 198.51.100.1, 203.0.113.7, ${trustedAddress}`),
    trusted: true,
    show: seen('x-forwarded-for', 'x-real-ip'),
    expected: `200 x-forwarded-for=198.51.100.1, 203.0.113.7, ${trustedAddress}, ${trustedAddress} x-real-ip=203.0.113.7`,
  },
  {
    name: 'a chain in which every address is trusted',
    bytes: get(`X-Forwarded-For: ${otherTrustedAddress}, ${trustedAddress}`),
    trusted: true,
    show: seen('x-real-ip'),
    expected: `200 x-real-ip=${otherTrustedAddress}`,
  },
  {
    name: 'a trusted proxy that says nothing',
    bytes: get(),
    trusted: true,
    show: forwardedSeen,
    expected: `200 x-forwarded-for=${trustedAddress} x-forwarded-proto=http x-forwarded-host=shop.example x-real-ip=${trustedAddress} ${nothingElse}`,
  },
  {
    name: 'a trusted proxy before which the user came by http',
    bytes: get('X-Forwarded-Proto: http', 'X-Forwarded-For: 203.0.113.7'),
    trusted: true,
    show: seen('x-forwarded-proto'),
    expected: '200 x-forwarded-proto=http',
  },
];
