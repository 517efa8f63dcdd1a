// Where the audit log goes beside the state file: defaults filled in, paths absolute.

import { resolve } from 'node:path';
import { secretOf } from './resolve-notify.ts';
import type { AuditFile } from './schema-audit.ts';
import type { Secret } from './settings-notify.ts';

export interface AuditSettings {
  /** Absolute path. */
  readonly headsFile: string | undefined;
  readonly ship: readonly AuditDestination[];
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

export function resolveAudit({ headsFile, ship = [] }: AuditFile, folder: string): AuditSettings {
  return {
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
