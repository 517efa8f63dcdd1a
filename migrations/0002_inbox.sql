-- What was delivered to the webhook receiver, kept before it is answered and until it is worked on.
CREATE TABLE inbox (
  id integer PRIMARY KEY AUTOINCREMENT,
  hook text NOT NULL,
  -- The sender's own name for the delivery, and what was signed: either one tells a repeated delivery.
  delivery text NOT NULL,
  content text NOT NULL,
  kind text NOT NULL,
  body blob NOT NULL,
  received_at integer NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'ignored', 'parked')),
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  next_at integer NOT NULL,
  settled_at integer,
  -- What became of it, for people, and the answer that a repeated delivery gets.
  sentence text,
  answer text,
  CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX inbox_takes_a_delivery_once ON inbox (hook, delivery);
--> statement-breakpoint
CREATE UNIQUE INDEX inbox_takes_what_was_signed_once ON inbox (hook, content);
--> statement-breakpoint
CREATE INDEX inbox_waiting ON inbox (next_at) WHERE state = 'waiting';
--> statement-breakpoint
CREATE INDEX inbox_settled ON inbox (settled_at) WHERE state <> 'waiting';
