-- REPLACE removes rows without a word to delete triggers, so what must not be replaced is refused before it is inserted.
CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN new.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit) OR EXISTS (SELECT 1 FROM audit WHERE hash = new.hash)
BEGIN SELECT raise(abort, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER heads_are_of_the_log BEFORE INSERT ON heads
WHEN NOT EXISTS (SELECT 1 FROM audit WHERE seq = new.seq AND hash = new.hash)
BEGIN SELECT raise(abort, 'a published head is a row of the audit log'); END;
--> statement-breakpoint
CREATE TRIGGER heads_are_never_replaced BEFORE INSERT ON heads WHEN EXISTS (SELECT 1 FROM heads WHERE seq = new.seq)
BEGIN SELECT raise(abort, 'a published head is final'); END;
--> statement-breakpoint
CREATE TRIGGER heads_are_never_changed BEFORE UPDATE ON heads BEGIN SELECT raise(abort, 'a published head is final'); END;
--> statement-breakpoint
CREATE TRIGGER heads_are_never_removed BEFORE DELETE ON heads BEGIN SELECT raise(abort, 'a published head is final'); END;
--> statement-breakpoint
CREATE TRIGGER votes_are_never_replaced BEFORE INSERT ON votes
WHEN EXISTS (SELECT 1 FROM votes WHERE approval_id = new.approval_id AND person = new.person)
BEGIN SELECT raise(abort, 'a vote is final'); END;
--> statement-breakpoint
CREATE TRIGGER votes_are_never_changed BEFORE UPDATE ON votes BEGIN SELECT raise(abort, 'a vote is final'); END;
--> statement-breakpoint
CREATE TRIGGER votes_are_never_removed BEFORE DELETE ON votes BEGIN SELECT raise(abort, 'a vote is final'); END;
--> statement-breakpoint
CREATE TRIGGER contract_votes_are_never_replaced BEFORE INSERT ON contract_votes
WHEN EXISTS (SELECT 1 FROM contract_votes WHERE contract_id = new.contract_id AND person = new.person)
BEGIN SELECT raise(abort, 'a vote is final'); END;
--> statement-breakpoint
CREATE TRIGGER contract_votes_are_never_changed BEFORE UPDATE ON contract_votes
BEGIN SELECT raise(abort, 'a vote is final'); END;
--> statement-breakpoint
CREATE TRIGGER contract_votes_are_never_removed BEFORE DELETE ON contract_votes
BEGIN SELECT raise(abort, 'a vote is final'); END;
--> statement-breakpoint
CREATE TRIGGER decisions_are_never_replaced BEFORE INSERT ON approvals
WHEN EXISTS (SELECT 1 FROM approvals WHERE id = new.id OR (deployment_id = new.deployment_id AND position = new.position))
BEGIN SELECT raise(abort, 'an approval is asked for once'); END;
--> statement-breakpoint
CREATE TRIGGER decisions_are_never_removed BEFORE DELETE ON approvals WHEN old.status <> 'pending'
BEGIN SELECT raise(abort, 'the approval is decided'); END;
--> statement-breakpoint
CREATE TRIGGER deployments_are_never_replaced BEFORE INSERT ON deployments
WHEN EXISTS (SELECT 1 FROM deployments WHERE id = new.id)
BEGIN SELECT raise(abort, 'a deployment is not replaced'); END;
--> statement-breakpoint
CREATE TRIGGER live_deployments_are_never_replaced BEFORE INSERT ON deployments
WHEN new.finished_at IS NULL AND EXISTS (
  SELECT 1 FROM deployments WHERE service = new.service AND target = new.target AND finished_at IS NULL)
BEGIN SELECT raise(abort, 'UNIQUE: one live deployment of a target'); END;
--> statement-breakpoint
CREATE TRIGGER contracts_are_never_replaced BEFORE INSERT ON contracts
WHEN EXISTS (SELECT 1 FROM contracts WHERE id = new.id)
BEGIN SELECT raise(abort, 'a contract is approved as it was asked for'); END;
--> statement-breakpoint
CREATE TRIGGER releases_are_never_replaced BEFORE INSERT ON releases
WHEN EXISTS (SELECT 1 FROM releases WHERE service = new.service AND version = new.version)
BEGIN SELECT raise(abort, 'a release is immutable'); END;
--> statement-breakpoint
CREATE TRIGGER generations_grow_when_replaced BEFORE INSERT ON targets
WHEN EXISTS (SELECT 1 FROM targets WHERE service = new.service AND target = new.target AND generation > new.generation)
BEGIN SELECT raise(abort, 'a generation only grows'); END;
--> statement-breakpoint
CREATE TRIGGER tokens_grow_when_replaced BEFORE INSERT ON leases
WHEN EXISTS (SELECT 1 FROM leases WHERE name = new.name AND token > new.token)
BEGIN SELECT raise(abort, 'a fencing token only grows'); END;
