-- Who was refused is counted by where the requests came from; '' where a door does not know.
CREATE TABLE strangers_by_source (
  minute integer NOT NULL,
  door text NOT NULL,
  source text NOT NULL,
  count integer NOT NULL,
  PRIMARY KEY (minute, door, source)
) STRICT;
--> statement-breakpoint
INSERT INTO strangers_by_source (minute, door, source, count) SELECT minute, door, '', count FROM strangers;
--> statement-breakpoint
DROP TABLE strangers;
--> statement-breakpoint
ALTER TABLE strangers_by_source RENAME TO strangers;
