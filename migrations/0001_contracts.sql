-- Contracts: the separate act by which a database loses what only older releases need.
CREATE TABLE contracts (
  id text PRIMARY KEY NOT NULL,
  service text NOT NULL,
  target text NOT NULL,
  version text NOT NULL,
  digest text NOT NULL CHECK (length(digest) = 64),
  migrations text NOT NULL,
  statements text NOT NULL,
  impossible text NOT NULL,
  requested_by text NOT NULL,
  requested_at integer NOT NULL,
  reason text,
  needed integer NOT NULL CHECK (needed > 0),
  deadline_at integer NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'approved', 'running', 'done', 'failed', 'refused', 'rejected', 'expired')),
  decided_by text,
  decided_at integer,
  ended_at integer,
  problem text,
  CHECK ((ended_at IS NULL) = (status IN ('pending', 'approved', 'running'))),
  CHECK (status NOT IN ('approved', 'running', 'done') OR decided_by IS NOT NULL)
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX one_contract_at_a_time ON contracts (service, target) WHERE ended_at IS NULL;
--> statement-breakpoint
CREATE TRIGGER an_ended_contract_is_final BEFORE UPDATE ON contracts WHEN old.ended_at IS NOT NULL
BEGIN SELECT raise(abort, 'a contract that has ended is final'); END;
--> statement-breakpoint
CREATE TRIGGER a_contract_is_approved_as_asked BEFORE UPDATE OF service, target, version, digest, migrations, statements, impossible, requested_by, needed ON contracts
BEGIN SELECT raise(abort, 'a contract is approved as it was asked for'); END;
--> statement-breakpoint
CREATE TABLE contract_votes (
  contract_id text NOT NULL REFERENCES contracts (id),
  person text NOT NULL,
  at integer NOT NULL,
  PRIMARY KEY (contract_id, person)
) STRICT;
