-- Who opened, pushed or merged what became a commit, as code hosts told in deliveries that are no builds. `subject` is a commit,
-- or `#7` for a request.
CREATE TABLE IF NOT EXISTS hands (
  host text NOT NULL,
  repository text NOT NULL,
  subject text NOT NULL,
  actors text NOT NULL CHECK (json_valid(actors)),
  at integer NOT NULL,
  PRIMARY KEY (host, repository, subject)
) STRICT;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS hands_by_time ON hands (at);
