// Which code an event carries in addition to its action. An action that is not here carries none.

import type { Mode } from '../deployment.ts';
import type { MailKind, StatusKind, Trouble } from '../notices.ts';
import type { EndCode, ReasonCode } from '../reasons.ts';
import type { RefusalCode } from '../refusal.ts';
import type { Role } from '../target.ts';
import type { NotDeployedCode } from './builds.ts';

type Illness = 'unresponsive' | 'unhealthy' | 'crash-loop' | 'smoke-failing' | 'judged-bad';

export interface AuditCodes {
  'deployment-requested': Mode;
  /** A mode where it was promoted, else the reason. */
  'deployment-finished': EndCode;
  'step-failed': ReasonCode;
  'turned-back': ReasonCode;
  refused: RefusalCode;
  'request-refused': RefusalCode;
  'strangers-refused': 'not-in-team';
  'health-changed': 'unknown' | 'healthy' | 'degraded' | 'unhealthy';
  /** The role of the slot. */
  crashed: Role;
  'smoke-changed': 'passing' | 'failing';
  'readiness-changed': 'instant' | 'slow' | 'blocked';
  'drill-ended': 'passed' | 'failed' | 'skipped';
  'guard-acted': Illness;
  'guard-paged': Illness;
  'guard-exhausted': Illness;
  'guard-ended': Illness;
  'drift-found': 'drifted' | 'state-older';
  'state-not-learnt': 'state-unknown';
  'release-refused': ReasonCode;
  'configuration-pending': 'not-configured' | 'port' | 'health';
  'backfill-failed': ReasonCode;
  'contract-ended': 'done' | 'failed' | 'refused' | 'rejected' | 'expired';
  'build-not-deployed': NotDeployedCode;
  /** What it was about; `unknown`: another version of this program put it into the outbox. */
  'mail-dropped': MailKind | 'unknown';
  'page-dropped': Trouble;
  'status-dropped': StatusKind | 'unknown';
}
