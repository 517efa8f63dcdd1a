// What the configuration says about any load balancer. What it says about one kind of them is in that driver's folder.

import { z } from 'zod';
import {
  choice,
  duration,
  durationOrZero,
  listen,
  listOf,
  matching,
  network,
  token,
  whole,
  yesNo,
} from '../kit/values.ts';

const sticky = z
  .strictObject({
    by: choice(['cookie', 'header', 'address'])
      .describe('How a user is recognised, so that no user flips between sides during a canary. Default: cookie.')
      .optional(),
    name: token('the name of a cookie or header')
      .describe('Name of the cookie (default bg_bucket) or of the header (no default).')
      .optional(),
    instance: yesNo()
      .describe(
        'Whether a user also returns to the same instance of a side, by a cookie bg_instance, while it is healthy. Default: false.',
      )
      .optional(),
  })
  .describe('What keeps one user on one side.');

const preview = z
  .strictObject({
    header: token('the name of a header')
      .describe('Header that carries the token. Default: x-bluegreen-preview.')
      .optional(),
    cookie: token('the name of a cookie').describe('Cookie that carries the token. Default: bg_preview.').optional(),
    token: matching(/^[A-Za-z0-9._~+/=-]{16,256}$/, 'a token of 16 to 256 letters, digits and ._~+/=-').describe(
      `Secret of the preview route, at least 16 characters; better from the environment: \${PREVIEW_TOKEN}.`,
    ),
    host: matching(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$/, 'a host name such as preview.example.com')
      .describe('Host name of the preview: https://<token>.preview.example.com goes to the new side. Default: none.')
      .optional(),
  })
  .describe('The way to a new release before any user sees it. Without it, a preview is reached on its own port only.');

const allow = z
  .strictObject({
    by: choice(['header', 'cookie']).describe('Where the name of the user is in a request.'),
    name: token('the name of a header or cookie').describe('Name of that header or cookie.'),
    values: listOf(matching(/^[^\p{Cc}]{1,256}$/u, 'a text of 1 to 256 characters without control characters'), 1000)
      .min(1, { error: 'a list of at least one user' })
      .describe('Values that are sent to the new side.'),
  })
  .describe('Users who always see the new side, before any share of the others is sent there.');

export const balancerKeys = {
  listen: listen().describe(
    'Where users connect: a port, only on this machine, or address:port (0.0.0.0:8080 for all).',
  ),
  sticky: sticky.optional(),
  preview: preview.optional(),
  allow: allow.optional(),
  requestTimeout: duration()
    .describe('A request that gets no answer for this long is answered 504. Default: 60s.')
    .optional(),
  drainSpread: durationOrZero()
    .describe(
      'WebSockets and streams left on the old side are closed one by one over this time; 0s leaves them until it stops. Default: 0s.',
    )
    .optional(),
  receiptProbes: whole({ min: 1, max: 1000, expected: 'a number of probes from 1 to 1000' })
    .describe('Requests per node that must all see the expected release after a switch. Default: 20.')
    .optional(),
  accessLog: yesNo()
    .describe(
      'One line per request in a file of limited size, by which bg trace finds it; a load balancer that is a program of its own always keeps one. Default: true.',
    )
    .optional(),
  trustedProxies: listOf(network(), 64)
    .describe(
      'Proxies in front, by address or network, whose X-Forwarded-*, Forwarded and X-Real-IP are passed on; those of all others are replaced. Default: none.',
    )
    .optional(),
  maxHeaderBytes: whole({ min: 4096, max: 1_048_576, expected: 'a number of bytes from 4096 to 1048576' })
    .describe('The most bytes that the head of a request or of an answer may have. Default: 16384.')
    .optional(),
  healthPath: matching(/^\/[A-Za-z0-9._~/-]{1,200}$/, 'a path such as /-/healthy, of letters, digits and . _ ~ - /')
    .describe(
      'For monitors outside: the balancer answers this path itself, 200 while a release is live and 503 otherwise, and counts it nowhere. Default: none.',
    )
    .optional(),
};

const shape = z.strictObject(balancerKeys);
export type BalancerKeys = z.infer<typeof shape>;

export const defaultBalancer = {
  requestTimeout: '60s',
  drainSpread: '0s',
  receiptProbes: 20,
  accessLog: true,
  trustedProxies: [] as NonNullable<BalancerKeys['trustedProxies']>,
  maxHeaderBytes: 16_384,
} satisfies Partial<BalancerKeys>;

export const defaultStickyCookie = 'bg_bucket';
export const defaultPreview = { header: 'x-bluegreen-preview', cookie: 'bg_preview' } as const;
