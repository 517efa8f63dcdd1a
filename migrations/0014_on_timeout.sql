-- What happens at the deadline of an approval may be `rollback` too. SQLite changes no CHECK in place: the rows are put aside, and put back
-- into a table with the new one. Their votes refer to them meanwhile, so that the foreign keys are checked at the end of the transaction.
PRAGMA defer_foreign_keys = ON;
--> statement-breakpoint
CREATE TABLE approvals_before AS SELECT * FROM approvals;
--> statement-breakpoint
DROP TABLE approvals;
--> statement-breakpoint
CREATE TABLE approvals (
  id text PRIMARY KEY NOT NULL,
  deployment_id text NOT NULL REFERENCES deployments (id),
  position integer NOT NULL,
  plan_hash text NOT NULL,
  needed integer NOT NULL CHECK (needed > 0),
  asked_at integer NOT NULL,
  deadline_at integer NOT NULL,
  on_timeout text NOT NULL CHECK (on_timeout IN ('abort', 'hold', 'rollback')),
  status text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  decided_by text,
  decided_at integer,
  reason text,
  UNIQUE (deployment_id, position)
) STRICT;
--> statement-breakpoint
INSERT INTO approvals (id, deployment_id, position, plan_hash, needed, asked_at, deadline_at, on_timeout, status, decided_by, decided_at, reason)
SELECT id, deployment_id, position, plan_hash, needed, asked_at, deadline_at, on_timeout, status, decided_by, decided_at, reason
FROM approvals_before ORDER BY asked_at;
--> statement-breakpoint
DROP TABLE approvals_before;
--> statement-breakpoint
CREATE TRIGGER first_decision_wins BEFORE UPDATE OF status ON approvals WHEN old.status <> 'pending'
BEGIN SELECT raise(abort, 'the approval is decided'); END;
--> statement-breakpoint
CREATE TRIGGER decisions_are_never_replaced BEFORE INSERT ON approvals
WHEN EXISTS (SELECT 1 FROM approvals WHERE id = new.id OR (deployment_id = new.deployment_id AND position = new.position))
BEGIN SELECT raise(abort, 'an approval is asked for once'); END;
--> statement-breakpoint
CREATE TRIGGER decisions_are_never_removed BEFORE DELETE ON approvals WHEN old.status <> 'pending'
BEGIN SELECT raise(abort, 'the approval is decided'); END;
