// Where a target's database is: the configured address, filled in for each slot as its service would see it. Both must
// give the same address, or two sides would work on two databases.

import { entryOf } from '../lib/dispatch.ts';
import { MigrationError } from './error.ts';

/** The variables of a slot's service: env files and `env`, filled in. */
export type SlotVariables = Readonly<Record<string, string>>;

/** @throws MigrationError `not-allowed`, naming variables and never their values */
export function addressOf(
  template: string,
  { blue, green }: { readonly blue: SlotVariables; readonly green: SlotVariables },
): string {
  const address = fillIn(template, blue);
  if (address !== fillIn(template, green))
    throw new MigrationError('not-allowed', 'blue and green get different addresses of the database', {
      hint: 'Give both slots the same variables: `bg config check` checks them.',
    });
  return address;
}

function fillIn(template: string, variables: SlotVariables): string {
  return template.replaceAll(/\$(\$?)\{([^}]*)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    const value = entryOf(variables, name);
    if (value === undefined || value === '')
      throw new MigrationError(
        'not-allowed',
        `the address of the database uses \${${name}}, which no env file and no env gives`,
        { hint: 'Set it in an env file of the target or in `env`.' },
      );
    return value;
  });
}

/** What must not be shown of an address: all of it where it holds a password, and the password by itself. */
export function secretsIn(address: string): readonly string[] {
  const [, password] = /^[a-z]+:\/\/[^/@:]*:([^/@]+)@/.exec(address) ?? [];
  const others = [...address.matchAll(/[?&][a-z_]*pass(?:word)?=([^&]+)/gi)].map(([, found = '']) => found);
  const all = [...(password === undefined ? [] : [password]), ...others];
  if (all.length === 0) return [];
  return [address, ...all.flatMap((each) => [each, decoded(each)])].filter((text) => text.length > 0);
}

/** For people: without user, password and options. */
export const shownAddress = (address: string): string => address.replace(/\/\/[^/]*@/, '//').replace(/[?#].*$/s, '');

/** `sqlite:/srv/shop.sqlite`, `sqlite:///…`, `file:/srv/shop.sqlite` or only the path. @throws MigrationError */
export function sqliteFile(address: string): string {
  const path = address.replace(/^(sqlite|file):(\/\/(?=\/))?/, '');
  if (path.startsWith('/')) return path;
  throw new MigrationError('not-allowed', `the address of the database is no absolute file: ${address}`, {
    hint: 'Write sqlite:/srv/shop/shop.sqlite.',
  });
}

/** For all text that a driver quotes from the server or from its address. */
export function maskIn(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
