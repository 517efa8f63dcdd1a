// Where the database is: mariadb://user:password@host:3306/shop, or ?socket=/run/mysqld/mysqld.sock; ?ssl=true for TLS.

import { MigrationError } from '../error.ts';

export interface Address {
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  readonly socket: string | undefined;
  readonly database: string;
  readonly ssl: boolean;
}

/** @throws MigrationError `unreachable`; its message holds nothing of the address, in which the password is */
export function readAddress(url: string): Address {
  const wrong = (why: string) =>
    new MigrationError('unreachable', `the address of the database ${why}`, {
      hint: 'Expected mariadb://user:password@host:3306/database, special characters of the password written as %XX.',
    });
  if (!URL.canParse(url)) throw wrong('is no URL');
  const { protocol, username, password, hostname, port, pathname, searchParams } = new URL(url);
  if (protocol !== 'mariadb:' && protocol !== 'mysql:') throw wrong('begins neither with mariadb:// nor with mysql://');
  const database = decodeURIComponent(pathname.slice(1));
  if (database === '') throw wrong('names no database');
  return {
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    host: hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: Number(port || 3306),
    socket: searchParams.get('socket') ?? undefined,
    database,
    ssl: searchParams.get('ssl') === 'true',
  };
}
