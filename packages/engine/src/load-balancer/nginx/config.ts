// The configuration of nginx, where it is the load balancer.

import { z } from 'zod';
import { type Draft, merge } from '../../config/kit/draft.ts';
import type { Path } from '../../config/kit/path.ts';
import { error, type Finding } from '../../config/kit/problems.ts';
import { choice, listen, listOf, matching, path } from '../../config/kit/values.ts';
import { parseListen } from '../../lib/units.ts';
import type { BalancerDraft } from '../driver.ts';
import type { NginxSettings } from './settings.ts';

const word = () => matching(/^[^\p{Cc}]{1,1000}$/u, 'a word of a command, without control characters');
const argv = () => listOf(word(), 64).min(1, { error: 'a list of at least the name of a program' });

export const nginxKeys = z
  .strictObject({
    mode: choice(['managed', 'attached'])
      .describe(
        'managed: the engine runs an nginx of its own. attached: it gives one that you run a file to include. Default: managed.',
      )
      .optional(),
    program: path().describe('The nginx that the engine runs: a name or an absolute path. Default: nginx.').optional(),
    include: path()
      .describe('attached: the file that the engine writes, included by your nginx within http. No default.')
      .optional(),
    check: argv()
      .describe('attached: the command that checks the whole configuration. Default: [nginx, -t].')
      .optional(),
    reload: argv().describe('attached: the command that reloads it. Default: [nginx, -s, reload].').optional(),
    reopen: argv()
      .describe(
        'attached: the command that makes nginx open its logs again; without it the log is cut in place. Default: none.',
      )
      .optional(),
    headers: path()
      .describe(
        'A file of your add_header lines for this service. nginx takes those of the http level in no server that adds one itself, as the engine must. Default: none.',
      )
      .optional(),
    tls: z
      .strictObject({
        listen: listen().describe('Where users connect over TLS and HTTP/2: a port, or address:port.'),
        certificate: path().describe('PEM file of the certificate and its chain.'),
        key: path().describe('PEM file of the private key.'),
      })
      .describe('The same service over TLS and HTTP/2, in addition to listen. Default: none.')
      .optional(),
  })
  .describe('nginx as the load balancer; 1.22 was tested, stock, with split_clients and stub_status.');

type NginxFile = z.infer<typeof nginxKeys>;

const defaultNginx = {
  mode: 'managed',
  program: 'nginx',
  check: ['nginx', '-t'],
  reload: ['nginx', '-s', 'reload'],
} satisfies NginxFile;

type Argv = readonly [string, ...string[]];

export function resolveNginx(file: NginxFile | undefined, inFolder: (path: string) => string): NginxSettings {
  const { mode, program, include, check, reload, reopen, tls, headers } = merge(defaultNginx, file ?? {});
  const secured = tls && {
    listen: parseListen(tls.listen),
    certificate: inFolder(tls.certificate),
    key: inFolder(tls.key),
  };
  const own = headers === undefined ? {} : { headers: inFolder(headers) };
  if (mode === 'managed')
    // A name without a slash is searched in the usual folders; one with a slash is a path from the file's own folder.
    return { mode, program: program.includes('/') ? inFolder(program) : program, tls: secured, ...own };
  return {
    mode,
    // Checked to be there: an attached nginx without it is refused.
    include: inFolder(include ?? ''),
    check: check as unknown as Argv,
    reload: reload as unknown as Argv,
    reopen: reopen as Argv | undefined,
    tls: secured,
    ...own,
  };
}

/** nginx reads a header only by a name of these, and has a variable for a cookie only by a name of those. */
const headerName = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/;
const cookieName = /^[A-Za-z0-9_]+$/;

export function checkNginx(balancer: BalancerDraft, own: Draft<NginxFile>, at: Path): readonly Finding[] {
  const { sticky, preview, allow } = balancer;
  const notReadable = 'cannot be read by nginx; expected letters, digits and hyphens';
  const headers = [
    { name: sticky?.by === 'header' ? sticky.name : undefined, at: [...at, 'sticky', 'name'] },
    { name: preview?.header, at: [...at, 'preview', 'header'] },
    { name: allow?.by === 'header' ? allow.name : undefined, at: [...at, 'allow', 'name'] },
  ];
  return [
    ...headers.flatMap((each) =>
      each.name !== undefined && !headerName.test(each.name) ? [error(each.at, notReadable)] : [],
    ),
    ...((sticky?.by ?? 'cookie') === 'cookie' && sticky?.name !== undefined && !cookieName.test(sticky.name)
      ? [error([...at, 'sticky', 'name'], 'cannot be read by nginx; expected letters, digits and underscores')]
      : []),
    ...(own?.mode === 'attached' && !('include' in own)
      ? [error([...at, 'nginx', 'include'], 'is missing; expected the file that your nginx includes within http')]
      : []),
  ];
}

export const nginxListens = (own: Draft<NginxFile>) =>
  own?.tls?.listen === undefined ? [] : [{ listen: own.tls.listen, key: ['nginx', 'tls', 'listen'] }];
