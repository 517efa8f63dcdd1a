// What the configuration says about nginx, where it is the load balancer.

import { z } from 'zod';
import { choice, listen, listOf, matching, path } from './schema-values.ts';

const word = () => matching(/^[^\p{Cc}]{1,1000}$/u, 'a word of a command, without control characters');
const argv = () => listOf(word(), 64).min(1, { error: 'a list of at least the name of a program' });

export const nginx = z
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
        'attached: the command that makes nginx open its logs anew; without it the log is cut in place. Default: none.',
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
      .describe('The same service over TLS and HTTP/2, beside listen. Default: none.')
      .optional(),
  })
  .describe('nginx as the load balancer; 1.22 was tested, stock, with split_clients and stub_status.');

export type NginxFile = z.infer<typeof nginx>;
