// What the configuration says about the audit log outside of this machine's state: heads, and rows that are shipped.

import { resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../../lib/units.ts';
import { choice, listOf, matching, name, path } from '../kit/values.ts';
import { secretOf } from '../notify/resolve.ts';
import type { Secret } from '../notify/settings.ts';

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
    archive: z
      .strictObject({
        after: matching(/^([3-9]\d|[1-9]\d{2,4})d$/, 'a number of days from 30d to 99999d, such as 365d').describe(
          'How old rows are when they move into files and leave the state.',
        ),
        folder: path()
          .describe('Where the files are; made when missing. Default: the folder archive in the state folder.')
          .optional(),
      })
      .describe('Old rows of the log move into compressed files. Default: all rows stay in the state.')
      .optional(),
    ship: listOf(destination, 10).describe('Where every row of the log is sent. Default: nowhere.').optional(),
  })
  .describe('The audit log outside of this state: what proves it, and copies of it.');

export type AuditFile = z.infer<typeof audit>;

export interface AuditSettings {
  /** Absolute path. */
  readonly headsFile: string | undefined;
  readonly ship: readonly AuditDestination[];
  readonly archive: ArchiveSettings;
}

interface ArchiveSettings {
  /** Age of the rows that are archived; undefined: none is, unless a person asks for it. */
  readonly afterMs: number | undefined;
  /** Absolute path; undefined: in the state folder. */
  readonly folder: string | undefined;
}

export type AuditDestination = { readonly name: string } & (
  | { readonly driver: 'syslog'; readonly address: SyslogAddress }
  | { readonly driver: 'file'; readonly path: string }
  | { readonly driver: 'http'; readonly url: string; readonly token: Secret | undefined }
);

export type SyslogAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** `ca`: absolute path of a PEM file; undefined: the authorities that Node knows. */
  | { readonly kind: 'tls'; readonly host: string; readonly port: number; readonly ca?: string | undefined }
  | { readonly kind: 'unix'; readonly path: string };

export function resolveAudit({ headsFile, ship = [], archive }: AuditFile, folder: string): AuditSettings {
  return {
    archive: {
      afterMs: archive && parseDuration(archive.after),
      folder: archive?.folder === undefined ? undefined : resolve(folder, archive.folder),
    },
    headsFile: headsFile === undefined ? undefined : resolve(folder, headsFile),
    ship: ship.map((given) => resolveDestination(given, folder)),
  };
}

function resolveDestination(given: NonNullable<AuditFile['ship']>[number], folder: string): AuditDestination {
  const { name, driver, address = '', path = '', url = '' } = given;
  switch (driver) {
    case 'syslog':
      return {
        name,
        driver,
        address: addressOf(address, given.ca === undefined ? undefined : resolve(folder, given.ca)),
      };
    case 'file':
      return { name, driver, path: resolve(folder, path) };
    case 'http':
      return { name, driver, url, token: 'token' in given ? secretOf(given.token, folder) : undefined };
    default:
      return driver satisfies never;
  }
}

function addressOf(text: string, ca: string | undefined): SyslogAddress {
  if (text.startsWith('unix:')) return { kind: 'unix', path: text.slice('unix:'.length) };
  const [, kind = 'udp', host = '', port = ''] = /^(udp|tcp|tls):\/\/(.*):(\d+)$/.exec(text) ?? [];
  const place = { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  return kind === 'tls'
    ? { kind, ...place, ...(ca === undefined ? {} : { ca }) }
    : { kind: kind as 'udp' | 'tcp', ...place };
}

/** What must never be written down. */
export function auditSecrets({ ship }: AuditSettings): readonly string[] {
  return ship.flatMap((each) => (each.driver === 'http' ? (each.token?.value ?? []) : []));
}
