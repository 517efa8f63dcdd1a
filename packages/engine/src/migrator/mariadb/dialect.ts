// What can be said of MariaDB's SQL without a server.

import type { Dialect } from '../dialect.ts';
import { fingerprintMariadb, parseMariadb } from './parse.ts';

export const mariadbDialect: Dialect = {
  kind: 'mariadb',
  load: async () => {},
  split: parseMariadb,
  fingerprint: fingerprintMariadb,
  lint: () => [],
};
