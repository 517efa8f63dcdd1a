// What the configuration says about HAProxy, where it is the load balancer.

import { z } from 'zod';
import { merge } from '../kit/draft.ts';
import { parseListen } from '../kit/units.ts';
import { choice, listen, listOf, matching, name, path } from '../kit/values.ts';

const word = () => matching(/^[^\p{Cc}]{1,1000}$/u, 'a word of a command, without control characters');
const argv = () => listOf(word(), 64).min(1, { error: 'a list of at least the name of a program' });

const node = z
  .strictObject({
    name: name().describe('Shown in receipts and messages.'),
    socket: matching(
      /^(\/[^\p{Cc}\s]{1,99}|(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5})$/u,
      'the absolute path of a unix socket, or address:port',
    ).describe('Its runtime socket, with level admin: a path, or address:port.'),
    entrypoint: matching(
      /^https?:\/\/(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/,
      'an address such as http://10.0.0.5:80',
    ).describe('Where this node alone answers: http://address:port.'),
  })
  .describe('One HAProxy.');

export const haproxy = z
  .strictObject({
    mode: choice(['managed', 'attached'])
      .describe(
        'managed: the engine runs an HAProxy of its own. attached: it gives those that you run a file to read. Default: managed.',
      )
      .optional(),
    program: path()
      .describe('The HAProxy that the engine runs: a name or an absolute path. Default: haproxy.')
      .optional(),
    folder: path()
      .describe('attached: where the engine writes bluegreen.cfg, routing.map and unreachable.http. No default.')
      .optional(),
    nodes: listOf(node, 16)
      .min(1, { error: 'a list of at least one node' })
      .describe('attached: every HAProxy that serves this target. No default.')
      .optional(),
    check: argv()
      .describe(
        'attached: the command that checks the whole configuration with {file} in the place of ours. No default.',
      )
      .optional(),
    reload: argv().describe('attached: the command that reloads every node. No default.').optional(),
    logListen: listen()
      .describe('attached: where the nodes send a line per request, over TCP, and the engine counts them. No default.')
      .optional(),
    tls: z
      .strictObject({
        listen: listen().describe('Where users connect over TLS and HTTP/2: a port, or address:port.'),
        certificate: path().describe('PEM file of certificate, chain and private key.'),
      })
      .describe('The same service over TLS and HTTP/2, beside listen. Default: none.')
      .optional(),
  })
  .describe('HAProxy as the load balancer; 2.6 was tested.');

export type HaproxyFile = z.infer<typeof haproxy>;

/** Paths are absolute. */
export type HaproxySettings =
  | { readonly mode: 'managed'; readonly program: string; readonly tls: HaproxyTls | undefined }
  | {
      readonly mode: 'attached';
      readonly folder: string;
      readonly nodes: readonly {
        readonly name: string;
        readonly socket: { readonly path: string } | { readonly host: string; readonly port: number };
        readonly entrypoint: string;
      }[];
      readonly check: readonly [string, ...string[]];
      readonly reload: readonly [string, ...string[]];
      readonly logAddress: { readonly host: string; readonly port: number };
      readonly tls: HaproxyTls | undefined;
    };

export interface HaproxyTls {
  readonly listen: { readonly host: string; readonly port: number };
  /** Certificate and key in one file. */
  readonly certificate: string;
}

const defaultHaproxy = { mode: 'managed', program: 'haproxy' } satisfies HaproxyFile;

type Argv = readonly [string, ...string[]];

export function resolveHaproxy(file: HaproxyFile | undefined, inFolder: (path: string) => string): HaproxySettings {
  const { mode, program, folder, nodes, check, reload, logListen, tls } = merge(defaultHaproxy, file ?? {});
  const secured = tls && { listen: parseListen(tls.listen), certificate: inFolder(tls.certificate) };
  if (mode === 'managed')
    // A name alone is looked for in the usual folders; anything with a slash is a path from the file's own folder.
    return { mode, program: program.includes('/') ? inFolder(program) : program, tls: secured };
  if (folder === undefined || !nodes || !check || !reload || logListen === undefined)
    throw new TypeError('an attached HAProxy was not checked before it was resolved');
  return {
    mode,
    folder: inFolder(folder),
    nodes: nodes.map(({ name, socket, entrypoint }) => ({
      name,
      entrypoint,
      socket: socket.startsWith('/') ? { path: socket } : parseListen(socket),
    })),
    check: check as unknown as Argv,
    reload: reload as unknown as Argv,
    logAddress: parseListen(logListen),
    tls: secured,
  };
}
