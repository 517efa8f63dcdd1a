-- What code hosts said of builds, and which releases people want kept.
CREATE TABLE builds (
  id integer PRIMARY KEY AUTOINCREMENT,
  service text NOT NULL,
  version text NOT NULL,
  conclusion text NOT NULL CHECK (conclusion IN ('succeeded', 'failed')),
  host text NOT NULL,
  repository text,
  branch text,
  -- Run and attempt in the host's words.
  run text,
  -- The build as it was understood, whole.
  facts text NOT NULL,
  announced_at integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX builds_take_a_run_once ON builds (service, host, repository, run) WHERE run IS NOT NULL;
--> statement-breakpoint
CREATE INDEX builds_of_a_version ON builds (service, version, id);
--> statement-breakpoint
CREATE INDEX builds_of_a_branch ON builds (service, repository, branch, id);
--> statement-breakpoint
-- A release that is never pruned.
CREATE TABLE pins (
  service text NOT NULL,
  version text NOT NULL,
  by text NOT NULL,
  reason text NOT NULL,
  at integer NOT NULL,
  PRIMARY KEY (service, version)
) STRICT;
