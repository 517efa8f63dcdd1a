// What is stored of builds. A failed one is kept too: the next good one of its branch is told as mended.

import { and, desc, eq, isNull } from 'drizzle-orm';
import type { Build } from '../builds/build.ts';
import type { Db } from './database.ts';
import { builds } from './schema-builds.ts';
import type { Tx } from './store.ts';

export interface StoredBuild extends Build {
  readonly id: number;
  readonly announcedAt: number;
}

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

/** The latest good build of a version: what its files are fetched by. */
export function buildOf(db: Db, service: string, version: string): StoredBuild | undefined {
  const row = db
    .select()
    .from(builds)
    .where(and(eq(builds.service, service), eq(builds.version, version), eq(builds.conclusion, 'succeeded')))
    .orderBy(desc(builds.id))
    .limit(1)
    .get();
  return row && present(row);
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

/** The last one that was heard of on a branch of a repository. */
export function lastOnBranch(
  db: Db,
  { service, repository, branch }: Pick<Build, 'service' | 'repository' | 'branch'>,
): StoredBuild | undefined {
  const row = db
    .select()
    .from(builds)
    .where(
      and(
        eq(builds.service, service),
        repository === undefined ? isNull(builds.repository) : eq(builds.repository, repository),
        branch === undefined ? isNull(builds.branch) : eq(builds.branch, branch),
      ),
    )
    .orderBy(desc(builds.id))
    .limit(1)
    .get();
  return row && present(row);
}

function present({ id, facts, announcedAt }: typeof builds.$inferSelect): StoredBuild {
  return { ...facts, id, announcedAt };
}
