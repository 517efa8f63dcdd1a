// What the configuration says about the audit log outside of this machine's state: heads, and rows that are shipped.

import { z } from 'zod';
import { choice, listOf, matching, name, path } from './schema-values.ts';

const destination = z
  .strictObject({
    name: name().describe('Short name. A destination with a new name gets the log from its first row.'),
    driver: choice(['syslog', 'file', 'http']).describe(
      'syslog: RFC 5424, needs address. file: JSON Lines, needs path. http: a POST of JSON Lines, needs url.',
    ),
    address: matching(
      /^((udp|tcp|tls):\/\/(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]{1,253}):\d{1,5}|unix:\/[^\p{Cc}]{1,103})$/u,
      'an address such as udp://10.0.0.5:514, tcp://logs.example.com:601, tls://logs.example.com:6514 or unix:/dev/log',
    )
      .describe('Where syslog listens.')
      .optional(),
    ca: path()
      .describe('PEM file with the authority of a tls:// receiver. Default: the authorities that Node knows.')
      .optional(),
    path: path().describe('File that rows are added to; it is opened for each batch, so it can be rotated.').optional(),
    url: matching(/^https?:\/\/[^\s\p{Cc}"'<>@]{1,1000}$/u, 'an address that starts with https:// or http://')
      .describe('Where rows are posted.')
      .optional(),
    token: matching(
      /^(file:[^\p{Cc}]{1,1000}|[\x21-\x7e]{8,1000})$/u,
      'a secret of 8 to 1000 visible characters, or file: and the path of a file that holds it',
    )
      .describe(
        `Sent as a bearer token, for http; from the environment: \${AUDIT_TOKEN}; or file:path. Default: none. A process without that variable ships nothing there.`,
      )
      .optional(),
  })
  .describe('One place that gets every row, in order, at least once.');

export const audit = z
  .strictObject({
    headsFile: path()
      .describe(
        'File elsewhere (another machine, a medium that only grows) that gets the head of the log at the end of each deployment and once a day. Default: none.',
      )
      .optional(),
    ship: listOf(destination, 10).describe('Where every row of the log is sent. Default: nowhere.').optional(),
  })
  .describe('The audit log outside of this state: what proves it, and copies of it.');

export type AuditFile = z.infer<typeof audit>;
