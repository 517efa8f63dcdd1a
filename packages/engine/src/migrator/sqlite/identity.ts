// Which file an address leads to, through links of both kinds.

import { statSync } from 'node:fs';
import { messageOf } from '../../lib/errors.ts';
import { MigrationError } from '../error.ts';

/** @throws MigrationError `unreachable` */
export function identityOf(file: string): string {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}|${ino}`;
  } catch (thrown) {
    throw new MigrationError('unreachable', `the database file cannot be opened: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
