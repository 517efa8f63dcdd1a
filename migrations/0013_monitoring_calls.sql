-- What monitoring systems asked for: one row for each time that a group of alerts began to fire, whatever came of it. A repeated alert
-- finds its row; acts are counted by it; a resolved alert lifts what its row did.
CREATE TABLE IF NOT EXISTS monitoring_calls (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  caller text NOT NULL,
  call_group text NOT NULL,
  act text NOT NULL CHECK (act IN ('rollback', 'pause', 'lock')),
  service text NOT NULL,
  target text NOT NULL,
  rule text NOT NULL,
  alert text NOT NULL,
  starts_at integer NOT NULL,
  received_at integer NOT NULL,
  due_at integer NOT NULL,
  status text NOT NULL CHECK (status IN ('waiting', 'done', 'nothing', 'refused', 'withdrawn')),
  ended_at integer,
  deployment_id text,
  resolved_at integer,
  CHECK ((ended_at IS NULL) = (status = 'waiting'))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS one_row_for_each_firing ON monitoring_calls (caller, service, target, act, call_group, starts_at);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS calls_that_wait ON monitoring_calls (due_at) WHERE ended_at IS NULL;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS calls_by_age ON monitoring_calls (received_at);
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS an_ended_call_is_final BEFORE UPDATE OF status, ended_at, deployment_id ON monitoring_calls WHEN old.ended_at IS NOT NULL
BEGIN SELECT raise(abort, 'a call that has ended is final'); END;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS a_call_stays_as_made BEFORE UPDATE OF id, caller, call_group, act, service, target, starts_at, received_at ON monitoring_calls
BEGIN SELECT raise(abort, 'a call stays as it was made'); END;
