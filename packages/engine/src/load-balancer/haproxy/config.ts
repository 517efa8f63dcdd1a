// The configuration of HAProxy, where it is the load balancer.

import { z } from 'zod';
import { type Draft, merge } from '../../config/kit/draft.ts';
import type { Path } from '../../config/kit/path.ts';
import { error, type Finding } from '../../config/kit/problems.ts';
import { choice, listen, listOf, matching, name, path } from '../../config/kit/values.ts';
import { parseListen } from '../../lib/units.ts';
import type { BalancerDraft } from '../driver.ts';
import type { HaproxySettings } from './options.ts';

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
    ).describe('Where only this node answers: http://address:port.'),
  })
  .describe('One HAProxy.');

export const haproxyKeys = z
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
      .describe('The same service over TLS and HTTP/2, in addition to listen. Default: none.')
      .optional(),
  })
  .describe('HAProxy as the load balancer; 2.6 was tested.');

type HaproxyFile = z.infer<typeof haproxyKeys>;

const defaultHaproxy = { mode: 'managed', program: 'haproxy' } satisfies HaproxyFile;

type Argv = readonly [string, ...string[]];

export function resolveHaproxy(file: HaproxyFile | undefined, inFolder: (path: string) => string): HaproxySettings {
  const { mode, program, folder, nodes, check, reload, logListen, tls } = merge(defaultHaproxy, file ?? {});
  const secured = tls && { listen: parseListen(tls.listen), certificate: inFolder(tls.certificate) };
  if (mode === 'managed')
    // A name without a slash is searched in the usual folders; one with a slash is a path from the file's own folder.
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

/** Characters without a special meaning in HAProxy's language. */
const plainName = /^[A-Za-z0-9_-]+$/;
const attachedKeys = {
  folder: 'expected the folder that your HAProxy reads bluegreen.cfg from',
  nodes: 'expected every HAProxy that serves this target',
  check: 'expected a command such as [haproxy, -c, -f, /etc/haproxy/haproxy.cfg, -f, "{file}"]',
  reload: 'expected a command such as [systemctl, reload, haproxy]',
  logListen: 'expected an address that the nodes can reach, such as "127.0.0.1:9514"',
} as const;

export function checkHaproxy(balancer: BalancerDraft, own: Draft<HaproxyFile>, at: Path): readonly Finding[] {
  const { sticky, preview, allow } = balancer;
  const names: readonly { readonly name: string | undefined; readonly at: Path }[] = [
    { name: sticky?.by === 'address' ? undefined : sticky?.name, at: [...at, 'sticky', 'name'] },
    { name: preview?.header, at: [...at, 'preview', 'header'] },
    { name: preview?.cookie, at: [...at, 'preview', 'cookie'] },
    { name: allow?.name, at: [...at, 'allow', 'name'] },
  ];
  return [
    ...names.flatMap((each) =>
      each.name === undefined || plainName.test(each.name)
        ? []
        : [error(each.at, 'cannot be written for HAProxy; expected letters, digits, hyphens and underscores')],
    ),
    ...checkAttached(own ?? {}, [...at, 'haproxy']),
  ];
}

type Haproxy = NonNullable<Draft<HaproxyFile>>;

function checkAttached(haproxy: Haproxy, at: Path): readonly Finding[] {
  if (haproxy.mode !== 'attached') return [];
  const missing = Object.entries(attachedKeys).flatMap(([key, expected]) =>
    key in haproxy ? [] : [error([...at, key], `is missing; ${expected}`)],
  );
  const blind = haproxy.check && !haproxy.check.some((part) => part?.includes('{file}'));
  const nodes = haproxy.nodes?.map((node) => node?.name) ?? [];
  const twice = nodes.flatMap((name, index) =>
    name !== undefined && nodes.indexOf(name) < index
      ? [error([...at, 'nodes', index, 'name'], 'is the name of another node too; expected another')]
      : [],
  );
  return [
    ...missing,
    ...(blind ? [error([...at, 'check'], 'does not say {file}; expected it where our file is to be checked')] : []),
    ...twice,
  ];
}

export const haproxyListens = (own: Draft<HaproxyFile>) =>
  own?.tls?.listen === undefined ? [] : [{ listen: own.tls.listen, key: ['haproxy', 'tls', 'listen'] }];
