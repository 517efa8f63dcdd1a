// Stored builds. A failed build is stored too: the next good build of its branch is reported as fixed.

import type { Build, StoredBuild } from '../domain/build.ts';
import type { Db } from './database.ts';
import { and, asc, desc, eq, gt, isNull, sql } from './drizzle.ts';
import { builds } from './schema-builds.ts';
import type { Tx } from './store.ts';

export function addBuild(tx: Tx, build: Build): StoredBuild {
  const { service, version, conclusion, host, repository, branch, run } = build;
  const values = {
    service,
    version,
    conclusion,
    host,
    repository: repository ?? null,
    branch: branch ?? null,
    run: run ?? null,
    facts: build,
    announcedAt: tx.now,
  };
  return present(tx.db.insert(builds).values(values).returning().get());
}

// As text, not as a parameter: only then does SQLite see which index is meant.
const hasSucceeded = sql`${builds.conclusion} = 'succeeded'`;

/** The latest good build of a version: what its files are fetched by. */
export function buildOf(db: Db, service: string, version: string): StoredBuild | undefined {
  const row = db
    .select()
    .from(builds)
    .where(and(eq(builds.service, service), eq(builds.version, version), hasSucceeded))
    .orderBy(desc(builds.id))
    .limit(1)
    .get();
  return row && present(row);
}

const mostBuilds = 20;

/** The good builds of a version, oldest first: it may have been announced more than once. */
export function buildsOf(db: Db, service: string, version: string): readonly StoredBuild[] {
  return db
    .select()
    .from(builds)
    .where(and(eq(builds.service, service), eq(builds.version, version), hasSucceeded))
    .orderBy(asc(builds.id))
    .limit(mostBuilds)
    .all()
    .map(present);
}

export function readBuild(db: Db, id: number): StoredBuild | undefined {
  const row = db.select().from(builds).where(eq(builds.id, id)).get();
  return row && present(row);
}

/** Newest first. */
export function latestBuilds(db: Db, service: string, limit: number): readonly StoredBuild[] {
  return db
    .select()
    .from(builds)
    .where(eq(builds.service, service))
    .orderBy(desc(builds.id))
    .limit(limit)
    .all()
    .map(present);
}

/** By run and attempt in the host's words: the same pair is the same build. */
export function buildOfRun(
  db: Db,
  { service, host, repository, run }: Pick<Build, 'service' | 'host' | 'repository' | 'run'>,
): StoredBuild | undefined {
  if (run === undefined) return undefined;
  const row = db
    .select()
    .from(builds)
    .where(and(eq(builds.service, service), eq(builds.host, host), isRepository(repository), eq(builds.run, run)))
    .orderBy(desc(builds.id))
    .limit(1)
    .get();
  return row && present(row);
}

/** The first good build of a commit: its place in the order of announcements. */
export function firstOfCommit(db: Db, service: string, commit: string): StoredBuild | undefined {
  const row = db
    .select()
    .from(builds)
    .where(and(eq(builds.service, service), hasSucceeded, eq(sql`json_extract(${builds.facts}, '$.commit')`, commit)))
    .orderBy(asc(builds.id))
    .limit(1)
    .get();
  return row && present(row);
}

/** The stored builds of a branch of a repository, newest first; without those of pull requests. */
export function buildsOnBranch(
  db: Db,
  { service, repository, branch }: Pick<Build, 'service' | 'repository' | 'branch'>,
  limit: number,
): readonly StoredBuild[] {
  return db
    .select()
    .from(builds)
    .where(
      and(
        eq(builds.service, service),
        isRepository(repository),
        branch === undefined ? isNull(builds.branch) : eq(builds.branch, branch),
        isNull(sql`json_extract(${builds.facts}, '$.pullRequest')`),
      ),
    )
    .orderBy(desc(builds.id))
    .limit(limit)
    .all()
    .map(present);
}

/** The good builds of the same branch that were announced later, oldest first; without those of pull requests. */
export function goodBuildsAfter(
  db: Db,
  { id, service, repository, branch }: Pick<StoredBuild, 'id' | 'service' | 'repository' | 'branch'>,
  limit: number,
): readonly StoredBuild[] {
  if (branch === undefined) return [];
  return db
    .select()
    .from(builds)
    .where(
      and(
        eq(builds.service, service),
        isRepository(repository),
        eq(builds.branch, branch),
        hasSucceeded,
        gt(builds.id, id),
        isNull(sql`json_extract(${builds.facts}, '$.pullRequest')`),
      ),
    )
    .orderBy(asc(builds.id))
    .limit(limit)
    .all()
    .map(present);
}

const isRepository = (repository: string | undefined) =>
  repository === undefined ? isNull(builds.repository) : eq(builds.repository, repository);

function present({ id, facts, announcedAt }: typeof builds.$inferSelect): StoredBuild {
  return { ...facts, id, announcedAt };
}
