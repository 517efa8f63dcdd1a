// A production and a scratch server, and the question whether releases can work on what a file makes of the schema.

import { systemClock } from '../../../../lib/clock.ts';
import type { CompatReport } from '../../../evidence/report.ts';
import { type CompatInput, validateCompatibility } from '../../../evidence/validate.ts';
import { type PostgresServer, startPostgres } from '../../../testing/postgres-server.ts';
import { loadGrammar } from '../../grammar.ts';
import { parsePostgres } from '../../parse.ts';
import { createPostgresScratch } from '../server.ts';
import { readPostgresUse } from '../use.ts';

export interface TwoServers {
  readonly production: PostgresServer;
  /** Of a new database of production with this schema. */
  check(schema: string, input: Pick<CompatInput, 'files' | 'releases'> & Partial<CompatInput>): Promise<CompatReport>;
  stop(): Promise<void>;
}

export async function startTwoServers(): Promise<TwoServers> {
  await loadGrammar();
  const [production, scratch] = [await startPostgres('Debian'), await startPostgres('Debian')];
  return {
    production,
    async check(schema, input) {
      const app = await production.createDatabase();
      await production.query(app, schema);
      return validateCompatibility({
        findings: [],
        readUse: readPostgresUse,
        scratch: createPostgresScratch({
          scratchUrl: scratch.url('postgres'),
          productionUrl: production.url(app),
          applicationRole: undefined,
          allowSameServer: false,
          pgDump: 'pg_dump',
          replayed: [],
          ledgerTables: ['bg_ledger', 'bg_ledger_catalog'],
          split: parsePostgres,
          clock: systemClock,
        }),
        limitMs: 60_000,
        signal: new AbortController().signal,
        ...input,
      });
    },
    async stop() {
      await production.stop();
      await scratch.stop();
    },
  };
}
