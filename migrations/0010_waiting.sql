-- Deployments that a person asked for and that have not begun: they wait for a time, or for the deployment that runs. A row ends once:
-- it is deployed, cancelled, refused or missed.
CREATE TABLE IF NOT EXISTS waiting (
  id text PRIMARY KEY NOT NULL,
  service text NOT NULL,
  target text NOT NULL,
  version text NOT NULL,
  hold integer NOT NULL,
  redeploy integer NOT NULL,
  reason text,
  requested_by text NOT NULL,
  requested_at integer NOT NULL,
  wall text,
  zone text,
  due_at integer,
  first_because text,
  status text NOT NULL CHECK (status IN ('scheduled', 'queued', 'deployed', 'cancelled', 'refused', 'missed')),
  deployment_id text,
  ended_at integer,
  ended_by text,
  problem text,
  CHECK ((ended_at IS NULL) = (status IN ('scheduled', 'queued'))),
  CHECK ((status = 'deployed') = (deployment_id IS NOT NULL)),
  CHECK ((wall IS NULL) = (zone IS NULL) AND (wall IS NULL) = (due_at IS NULL)),
  CHECK (status <> 'scheduled' OR due_at IS NOT NULL)
) STRICT;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS waiting_now ON waiting (service, target) WHERE ended_at IS NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS one_deployment_of_a_request ON waiting (deployment_id) WHERE deployment_id IS NOT NULL;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS an_ended_request_is_final BEFORE UPDATE ON waiting WHEN old.ended_at IS NOT NULL
BEGIN SELECT raise(abort, 'a request that has ended is final'); END;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS a_request_stays_as_asked BEFORE UPDATE OF id, service, target, version, hold, redeploy, requested_by, requested_at, wall, zone ON waiting
BEGIN SELECT raise(abort, 'a request stays as it was asked for'); END;
