// Who contributed to a commit or a request, from code-host deliveries that are no builds. Limited in number and age.

import type { Build, BuildActor } from '../domain/build.ts';
import { shortCommitLength } from '../domain/code-hosts.ts';
import type { Db } from './database.ts';
import { and, eq, lt, sql } from './drizzle.ts';
import { hands } from './schema-builds.ts';
import type { Tx } from './store.ts';

/** Without an audit row: what a host reports about a request changes nothing until a build names its commit. */
export type Writing = Pick<Tx, 'db' | 'now'>;

export interface HandsPlace {
  readonly host: string;
  readonly repository: string;
}

/** A build that waits longer for its approval has been announced with those who were known then. */
const rememberMs = 180 * 86_400_000;
const mostRows = 20_000;

/** Replaces what was known of the subject. */
export function writeHands(
  tx: Writing,
  { host, repository }: HandsPlace,
  { subject, actors }: { readonly subject: string; readonly actors: readonly BuildActor[] },
): void {
  const values = { host, repository: repository.toLowerCase(), subject, actors, at: tx.now };
  tx.db
    .insert(hands)
    .values(values)
    .onConflictDoUpdate({ target: [hands.host, hands.repository, hands.subject], set: { actors, at: tx.now } })
    .run();
}

export function readHands(db: Db, { host, repository }: HandsPlace, subject: string): readonly BuildActor[] {
  const row = db
    .select()
    .from(hands)
    .where(and(eq(hands.host, host), eq(hands.repository, repository.toLowerCase()), eq(hands.subject, subject)))
    .get();
  return row?.actors ?? [];
}

export function handsOfBuild(
  db: Db,
  { host, repository, commit }: Pick<Build, 'host' | 'repository' | 'commit'>,
): readonly BuildActor[] {
  if (repository === undefined || commit === undefined) return [];
  const subjects = [commit, commit.slice(0, shortCommitLength)];
  return subjects.flatMap((subject) => readHands(db, { host, repository }, subject));
}

export function forgetHands(tx: Writing, most = mostRows): void {
  tx.db
    .delete(hands)
    .where(lt(hands.at, tx.now - rememberMs))
    .run();
  tx.db.run(
    sql`DELETE FROM hands WHERE rowid IN (SELECT rowid FROM hands ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ${most})`,
  );
}
