// The web page: where it is served, and how its readers prove that they may read.

import { z } from 'zod';
import { parseListen } from '../../lib/units.ts';
import { listen, listOf, matching, network, token } from '../kit/values.ts';
import { secretOf } from '../notify/resolve.ts';
import type { Secret } from '../notify/settings.ts';

/** A text that a person chooses: a shorter one can be guessed in time. */
export const leastWebToken = 16;

export const web = z
  .strictObject({
    listen: listen().describe('Where it is served, without TLS. Default: "127.0.0.1:3002".').optional(),
    token: matching(
      /^(file:[^\p{Cc}]{1,1000}|[\x21-\x7e]{16,1000})$/u,
      'a secret of 16 to 1000 visible characters, or file: and the path of a file that holds it',
    )
      .describe(
        `What readers sign in with, from the environment: \${WEB_TOKEN}; or file:path. A process without that variable serves no page.`,
      )
      .optional(),
    publicUrl: matching(
      /^https?:\/\/[^\s\p{Cc}"'<>?#@|]{1,500}$/u,
      'an address such as https://deploy.example.com, without a query',
    )
      .describe('Address by which people reach it, through your proxy; cards link to it. Default: none.')
      .optional(),
    trustedHeader: token('the name of a header, such as X-Forwarded-User')
      .describe(
        'Header in which your proxy names the person that it has signed in, and who then may read. Default: none.',
      )
      .optional(),
    trustedProxies: listOf(network(), 50)
      .describe('From where that header counts. Default: this machine alone.')
      .optional(),
  })
  .describe('A page that shows everything and changes nothing, next to the bot. Default: none is served.');

type WebFile = z.infer<typeof web>;

export interface WebSettings {
  readonly host: string;
  readonly port: number;
  readonly token: Secret | undefined;
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** In lower case. */
  readonly trustedHeader: string | undefined;
  /** Addresses and networks. */
  readonly trustedProxies: readonly string[];
}

export const defaultWebListen = '127.0.0.1:3002';

export function resolveWeb(file: WebFile | undefined, folder: string): WebSettings | undefined {
  if (file === undefined) return undefined;
  return {
    ...parseListen(file.listen ?? defaultWebListen),
    token: 'token' in file ? secretOf(file.token, folder) : undefined,
    publicUrl: file.publicUrl?.replace(/\/+$/, ''),
    trustedHeader: file.trustedHeader?.toLowerCase(),
    trustedProxies: file.trustedProxies ?? ['loopback'],
  };
}

export const webSecrets = (settings: WebSettings | undefined): readonly string[] =>
  settings?.token?.value === undefined ? [] : [settings.token.value];
