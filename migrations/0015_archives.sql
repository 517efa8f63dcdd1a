-- The beginning of the audit log may be in files: each archive continues the one before, and is itself a row of the log. Only rows of an
-- archive may be removed, and of those only the ones that the engine does not need any more.
CREATE TABLE IF NOT EXISTS archives (
  last_seq integer PRIMARY KEY NOT NULL,
  first_seq integer NOT NULL CHECK (first_seq > 0 AND first_seq <= last_seq),
  -- Of the row before the first one; zeros where the log begins.
  previous_hash text NOT NULL CHECK (length(previous_hash) = 64),
  last_hash text NOT NULL CHECK (length(last_hash) = 64),
  first_at integer NOT NULL,
  last_at integer NOT NULL,
  -- Its name, without the folder.
  file text NOT NULL,
  bytes integer NOT NULL CHECK (bytes > 0),
  sha256 text NOT NULL CHECK (length(sha256) = 64),
  -- How many of its rows stay in this file too, and a digest of their hashes.
  retained integer NOT NULL CHECK (retained >= 0),
  retained_digest text NOT NULL CHECK (length(retained_digest) = 64),
  -- The row of the log that says all this.
  recorded_in integer NOT NULL CHECK (recorded_in > last_seq)
) STRICT;
--> statement-breakpoint
-- Rows of archives that stay in the log as well.
CREATE TABLE IF NOT EXISTS retained (seq integer PRIMARY KEY NOT NULL) STRICT;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS retained_rows_are_named_before_their_archive BEFORE INSERT ON retained
WHEN new.seq <= (SELECT coalesce(max(last_seq), 0) FROM archives) OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = new.seq)
BEGIN SELECT raise(abort, 'an archive is final'); END;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS retained_rows_are_never_changed BEFORE UPDATE ON retained BEGIN SELECT raise(abort, 'an archive is final'); END;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS retained_rows_are_never_released BEFORE DELETE ON retained BEGIN SELECT raise(abort, 'an archive is final'); END;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS archives_follow_one_another BEFORE INSERT ON archives
WHEN new.first_seq IS NOT (SELECT coalesce(max(last_seq), 0) + 1 FROM archives)
  OR new.previous_hash IS NOT coalesce(
    (SELECT last_hash FROM archives ORDER BY last_seq DESC LIMIT 1), '0000000000000000000000000000000000000000000000000000000000000000')
  OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = new.last_seq AND hash = new.last_hash)
  OR NOT EXISTS (
    SELECT 1 FROM audit WHERE seq = new.recorded_in AND action = 'state-archived'
    AND json_extract(detail, '$.last') = new.last_seq AND json_extract(detail, '$.sha256') = new.sha256)
  OR new.retained IS NOT (SELECT count(*) FROM retained WHERE seq BETWEEN new.first_seq AND new.last_seq)
BEGIN SELECT raise(abort, 'an archive continues the one before, and is a row of the audit log'); END;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS archives_are_never_changed BEFORE UPDATE ON archives BEGIN SELECT raise(abort, 'an archive is final'); END;
--> statement-breakpoint
CREATE TRIGGER IF NOT EXISTS archives_are_never_removed BEFORE DELETE ON archives BEGIN SELECT raise(abort, 'an archive is final'); END;
--> statement-breakpoint
DROP TRIGGER IF EXISTS audit_is_never_shortened;
--> statement-breakpoint
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
WHEN old.seq > (SELECT coalesce(max(last_seq), 0) FROM archives) OR EXISTS (SELECT 1 FROM retained WHERE seq = old.seq)
BEGIN SELECT raise(abort, 'the audit log is append-only'); END;
--> statement-breakpoint
DROP TRIGGER IF EXISTS heads_are_never_removed;
--> statement-breakpoint
CREATE TRIGGER heads_are_never_removed BEFORE DELETE ON heads
WHEN old.seq > (SELECT coalesce(max(last_seq), 0) FROM archives)
BEGIN SELECT raise(abort, 'a published head is final'); END;
