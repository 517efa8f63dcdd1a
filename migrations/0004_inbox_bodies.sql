-- Bodies apart from what is known of a delivery: the row that tells a repeated delivery is kept much longer than the body.
CREATE TABLE inbox_bodies (
  id integer PRIMARY KEY REFERENCES inbox (id) ON DELETE CASCADE,
  body blob NOT NULL
) STRICT;
--> statement-breakpoint
INSERT INTO inbox_bodies (id, body) SELECT id, body FROM inbox;
--> statement-breakpoint
ALTER TABLE inbox ADD COLUMN bytes integer NOT NULL DEFAULT 0 CHECK (bytes >= 0);
--> statement-breakpoint
ALTER TABLE inbox ADD COLUMN has_body integer NOT NULL DEFAULT 1 CHECK (has_body IN (0, 1));
--> statement-breakpoint
UPDATE inbox SET bytes = length(body);
--> statement-breakpoint
ALTER TABLE inbox DROP COLUMN body;
--> statement-breakpoint
DROP INDEX inbox_waiting;
--> statement-breakpoint
-- In the order of arrival, with all that is needed to count what waits and to find what is due.
CREATE INDEX inbox_waiting ON inbox (id, next_at, bytes) WHERE state = 'waiting';
--> statement-breakpoint
-- What may lose its body, by what became of it.
CREATE INDEX inbox_with_body ON inbox (state, id, bytes) WHERE has_body = 1 AND state <> 'waiting';
