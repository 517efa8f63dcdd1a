-- Rows of the audit log are searched by target, by who acted, by what happened and by when. Each index ends with the row's number, so that the
-- newest rows of a search are read without sorting.
CREATE INDEX IF NOT EXISTS audit_by_target ON audit (service, target);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS audit_by_actor ON audit (actor);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS audit_by_action ON audit (action);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS audit_by_time ON audit (at);
