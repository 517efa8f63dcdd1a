-- Indexes for every question that is asked while people wait, so that its answer takes as long with years of history as with a day of it.
CREATE INDEX IF NOT EXISTS deployments_of_a_version ON deployments (service, version, requested_at, finished_at);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS deployments_from_a_version ON deployments (service, from_version, requested_at, finished_at);
--> statement-breakpoint
-- Releases that users have had, the latest first.
CREATE INDEX IF NOT EXISTS deployments_once_live ON deployments (service, target, finished_at, version, from_version)
WHERE promoted_at IS NOT NULL AND outcome <> 'rolled-back';
--> statement-breakpoint
-- Releases that others replaced, by when.
CREATE INDEX IF NOT EXISTS deployments_left ON deployments (service, target, promoted_at, from_version)
WHERE promoted_at IS NOT NULL AND from_version IS NOT NULL AND outcome <> 'rolled-back';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS deployments_promoted ON deployments (service, target, finished_at, requested_at) WHERE outcome = 'promoted';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS signals_of_a_deployment ON signals (deployment_id, consumed_at);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS releases_of_a_folder ON releases (folder, service);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS audit_of_fetches ON audit (service, json_extract(detail, '$.version'), seq) WHERE action = 'release-fetched';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS audit_of_prunes ON audit (json_extract(detail, '$.aside')) WHERE action = 'release-pruned';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS audit_of_contract_votes ON audit (json_extract(detail, '$.contract'), actor, at) WHERE action = 'contract-approved';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS audit_of_votes ON audit (deployment_id, actor, at) WHERE action = 'approved';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS builds_of_a_service ON builds (service, id);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS builds_of_a_commit ON builds (service, json_extract(facts, '$.commit'), id) WHERE conclusion = 'succeeded';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS builds_of_the_branch_itself ON builds (service, repository, branch, id)
WHERE json_extract(facts, '$.pullRequest') IS NULL;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS builds_that_succeeded ON builds (service, version, id) WHERE conclusion = 'succeeded';
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS outbox_unfinished ON outbox (transport) WHERE final = 0 AND reference IS NOT NULL;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS outbox_by_age ON outbox (created_at);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS waiting_ended ON waiting (service, target, ended_at) WHERE ended_at IS NOT NULL;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS contracts_ended ON contracts (service, target, ended_at) WHERE ended_at IS NOT NULL;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS seen_by_end ON seen (expires_at);
