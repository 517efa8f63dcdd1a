-- The engine's own state. What must never happen is forbidden here, not only in the code.
CREATE TABLE meta (key text PRIMARY KEY NOT NULL, value text NOT NULL) STRICT;
--> statement-breakpoint
CREATE TABLE releases (
  service text NOT NULL,
  version text NOT NULL,
  digest text NOT NULL CHECK (length(digest) = 64),
  folder text NOT NULL,
  origin text,
  registered_at integer NOT NULL,
  PRIMARY KEY (service, version)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER releases_are_immutable BEFORE UPDATE ON releases BEGIN SELECT raise(abort, 'a release is immutable'); END;
--> statement-breakpoint
CREATE TABLE targets (
  service text NOT NULL,
  target text NOT NULL,
  generation integer NOT NULL DEFAULT 0 CHECK (generation >= 0),
  confirmed_generation integer NOT NULL DEFAULT 0 CHECK (confirmed_generation <= generation),
  active text CHECK (active IN ('blue', 'green')),
  canary_slot text CHECK (canary_slot IN ('blue', 'green')),
  canary_percent integer CHECK (canary_percent BETWEEN 0 AND 100),
  preview text CHECK (preview IN ('blue', 'green')),
  CHECK ((canary_slot IS NULL) = (canary_percent IS NULL)),
  CHECK (canary_slot IS NULL OR canary_slot <> active),
  PRIMARY KEY (service, target)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER generations_only_grow BEFORE UPDATE OF generation ON targets WHEN new.generation < old.generation
BEGIN SELECT raise(abort, 'a generation only grows'); END;
--> statement-breakpoint
CREATE TABLE slots (
  service text NOT NULL,
  target text NOT NULL,
  slot text NOT NULL CHECK (slot IN ('blue', 'green')),
  role text NOT NULL CHECK (role IN ('active', 'preview', 'standby', 'idle')),
  version text,
  digest text,
  deployment_id text,
  since integer NOT NULL,
  label text,
  keep_until integer,
  displaced_version text,
  restarts integer NOT NULL DEFAULT 0,
  next_restart_at integer,
  CHECK ((role = 'idle') = (version IS NULL)),
  CHECK ((version IS NULL) = (digest IS NULL)),
  PRIMARY KEY (service, target, slot)
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX one_active_slot ON slots (service, target) WHERE role = 'active';
--> statement-breakpoint
CREATE TABLE deployments (
  id text PRIMARY KEY NOT NULL,
  service text NOT NULL,
  target text NOT NULL,
  version text NOT NULL,
  digest text,
  mode text NOT NULL CHECK (mode IN ('deploy', 'redeploy', 'rollback', 'switch')),
  slot text NOT NULL CHECK (slot IN ('blue', 'green')),
  from_slot text CHECK (from_slot IN ('blue', 'green')),
  from_version text,
  from_digest text,
  hold integer NOT NULL DEFAULT 0,
  reason text,
  requested_by text NOT NULL,
  requested_at integer NOT NULL,
  plan text,
  plan_hash text,
  position integer NOT NULL DEFAULT 0,
  direction text NOT NULL DEFAULT 'forward' CHECK (direction IN ('forward', 'unwinding')),
  phase text NOT NULL,
  state_version integer NOT NULL DEFAULT 1,
  promoted_at integer,
  paused_by text,
  paused_at integer,
  cause_code text,
  cause text,
  cause_actor text,
  outcome text CHECK (outcome IN ('promoted', 'aborted', 'rolled-back', 'failed', 'superseded', 'cancelled', 'halted')),
  finished_at integer,
  CHECK ((outcome IS NULL) = (finished_at IS NULL)),
  CHECK (slot IS NOT from_slot),
  CHECK ((plan IS NULL) = (plan_hash IS NULL))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX one_live_deployment ON deployments (service, target) WHERE finished_at IS NULL;
--> statement-breakpoint
CREATE INDEX deployments_by_target ON deployments (service, target, requested_at);
--> statement-breakpoint
CREATE TRIGGER finished_is_final BEFORE UPDATE ON deployments WHEN old.finished_at IS NOT NULL
BEGIN SELECT raise(abort, 'a finished deployment is final'); END;
--> statement-breakpoint
CREATE TABLE steps (
  deployment_id text NOT NULL REFERENCES deployments (id),
  position integer NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'unwinding')),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('started', 'done', 'failed', 'skipped')),
  attempts integer NOT NULL DEFAULT 1,
  started_at integer NOT NULL,
  ended_at integer,
  note text,
  PRIMARY KEY (deployment_id, position, direction)
) STRICT;
--> statement-breakpoint
CREATE TABLE approvals (
  id text PRIMARY KEY NOT NULL,
  deployment_id text NOT NULL REFERENCES deployments (id),
  position integer NOT NULL,
  plan_hash text NOT NULL,
  needed integer NOT NULL CHECK (needed > 0),
  asked_at integer NOT NULL,
  deadline_at integer NOT NULL,
  on_timeout text NOT NULL CHECK (on_timeout IN ('abort', 'hold')),
  status text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  decided_by text,
  decided_at integer,
  reason text,
  UNIQUE (deployment_id, position)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER first_decision_wins BEFORE UPDATE OF status ON approvals WHEN old.status <> 'pending'
BEGIN SELECT raise(abort, 'the approval is decided'); END;
--> statement-breakpoint
CREATE TABLE votes (
  approval_id text NOT NULL REFERENCES approvals (id),
  person text NOT NULL,
  at integer NOT NULL,
  PRIMARY KEY (approval_id, person)
) STRICT;
--> statement-breakpoint
CREATE TABLE signals (
  seq integer PRIMARY KEY AUTOINCREMENT,
  deployment_id text NOT NULL REFERENCES deployments (id),
  kind text NOT NULL CHECK (kind IN ('abort', 'promote', 'promote-full')),
  position integer NOT NULL,
  actor text NOT NULL,
  reason text,
  at integer NOT NULL,
  consumed_at integer
) STRICT;
--> statement-breakpoint
CREATE TABLE locks (
  service text NOT NULL,
  target text NOT NULL,
  owner text NOT NULL,
  reason text NOT NULL,
  since integer NOT NULL,
  until integer NOT NULL,
  PRIMARY KEY (service, target)
) STRICT;
--> statement-breakpoint
CREATE TABLE quarantine (
  digest text PRIMARY KEY NOT NULL,
  service text NOT NULL,
  version text NOT NULL,
  reason text NOT NULL,
  by text NOT NULL,
  at integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE audit (
  seq integer PRIMARY KEY AUTOINCREMENT,
  at integer NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  service text,
  target text,
  deployment_id text,
  code text,
  sentence text NOT NULL,
  detail text NOT NULL,
  previous_hash text NOT NULL CHECK (length(previous_hash) = 64),
  hash text NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT raise(abort, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit BEGIN SELECT raise(abort, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE INDEX audit_by_deployment ON audit (deployment_id);
--> statement-breakpoint
CREATE TABLE heads (
  seq integer PRIMARY KEY NOT NULL,
  hash text NOT NULL,
  published_at integer NOT NULL,
  place text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE leases (
  name text PRIMARY KEY NOT NULL,
  holder text NOT NULL,
  token integer NOT NULL,
  expires_at integer NOT NULL,
  config_digest text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TRIGGER tokens_only_grow BEFORE UPDATE OF token ON leases WHEN new.token < old.token
BEGIN SELECT raise(abort, 'a fencing token only grows'); END;
--> statement-breakpoint
CREATE TABLE cursors (consumer text PRIMARY KEY NOT NULL, position integer NOT NULL) STRICT;
--> statement-breakpoint
CREATE TABLE outbox (
  key text PRIMARY KEY NOT NULL,
  transport text NOT NULL,
  kind text NOT NULL,
  payload text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  sent_version integer NOT NULL DEFAULT 0,
  urgent integer NOT NULL DEFAULT 0,
  final integer NOT NULL DEFAULT 0,
  created_at integer NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_at integer NOT NULL,
  reference text,
  problem text
) STRICT;
--> statement-breakpoint
CREATE INDEX outbox_waiting ON outbox (transport, next_at) WHERE version > sent_version;
--> statement-breakpoint
CREATE TABLE snapshots (key text PRIMARY KEY NOT NULL, at integer NOT NULL, value text NOT NULL) STRICT;
--> statement-breakpoint
CREATE TABLE seen (key text PRIMARY KEY NOT NULL, expires_at integer NOT NULL) STRICT;
--> statement-breakpoint
CREATE TABLE strangers (
  minute integer NOT NULL,
  door text NOT NULL,
  count integer NOT NULL,
  PRIMARY KEY (minute, door)
) STRICT;
