// Why a deployment that was not promoted ended, and how: each reason code, with the outcome that it leads to. After full
// promotion each of them but `undo-failed` leads to `rolled-back`.

import type { Mode, OutcomeKind } from './deployment.ts';

const reasons = {
  // A person gave it up, or did not decide in time.
  'given-up': 'aborted',
  rejected: 'aborted',
  'approval-expired': 'aborted',
  'hold-expired': 'aborted',
  inconclusive: 'aborted',
  'approval-cancelled': 'failed',
  // A step could not be undone, and a person must act.
  'undo-failed': 'halted',
  // What a step found.
  'canary-failed': 'failed',
  'never-healthy': 'failed',
  'no-active-side': 'failed',
  'not-proved': 'failed',
  'preview-not-proved': 'failed',
  quarantined: 'failed',
  'side-crashed': 'failed',
  'side-stopped': 'failed',
  'side-unhealthy': 'failed',
  'slot-in-use': 'failed',
  'smoke-test-failed': 'failed',
  'state-unknown': 'failed',
  // What prevents the change of a schema, and the codes of a MigrationError.
  'schema-incompatible': 'failed',
  'schema-unknown': 'failed',
  'schema-files-invalid': 'failed',
  'schema-hazard': 'failed',
  'schema-edited': 'failed',
  'schema-drift': 'failed',
  'schema-dirty': 'failed',
  'schema-locked': 'failed',
  'schema-blocked': 'failed',
  'schema-failed': 'failed',
  'schema-denied': 'failed',
  'schema-unreachable': 'failed',
  'schema-not-allowed': 'failed',
  'schema-stopped': 'failed',
  // The codes of a BlueGreenError, some of which steps find themselves.
  'account-refused': 'failed',
  'artifact-refused': 'failed',
  'artifact-unavailable': 'failed',
  'archive-refused': 'failed',
  'backup-refused': 'failed',
  'balancer-refused': 'failed',
  'balancer-stale-generation': 'failed',
  'balancer-unreachable': 'failed',
  'balancer-unsettled': 'failed',
  'config-changed': 'failed',
  'config-invalid': 'failed',
  'config-refused': 'failed',
  'disk-error': 'failed',
  'disk-full': 'failed',
  'disk-read-only': 'failed',
  drifted: 'failed',
  'env-file-invalid': 'failed',
  'env-file-unreadable': 'failed',
  'environment-unreachable': 'failed',
  'evidence-unreadable': 'failed',
  'exec-failed': 'failed',
  'exec-not-found': 'failed',
  'exec-timeout': 'failed',
  'fenced-out': 'failed',
  'file-too-large': 'failed',
  'http-failed': 'failed',
  'http-timeout': 'failed',
  'lease-held': 'failed',
  'no-permission': 'failed',
  'not-found': 'failed',
  'port-in-use': 'failed',
  'release-invalid': 'failed',
  'release-missing': 'failed',
  'release-modified': 'failed',
  'resources-short': 'failed',
  'send-failed': 'failed',
  'start-failed': 'failed',
  'state-corrupt': 'failed',
  'state-locked': 'failed',
  'state-newer': 'failed',
  'state-older': 'failed',
  'state-replaced': 'failed',
  'state-unsafe': 'failed',
  'step-timeout': 'failed',
  'stop-failed': 'failed',
  'tcp-failed': 'failed',
  'template-invalid': 'failed',
  'template-unfilled': 'failed',
  'too-many-files': 'failed',
  unreachable: 'failed',
  'variable-invalid': 'failed',
  'variable-missing': 'failed',
  // Another fault, and a row that holds no reason.
  fault: 'failed',
  unknown: 'failed',
} as const satisfies Readonly<Record<string, Extract<OutcomeKind, 'aborted' | 'failed' | 'halted'>>>;

export type ReasonCode = keyof typeof reasons;

/** What ended a deployment: its reason, or its mode where it was promoted. */
export type EndCode = Mode | ReasonCode;

/** A row of an older version may hold a code that is written no longer. */
export function outcomeOf(code: string, { isPromoted }: { readonly isPromoted: boolean }): OutcomeKind {
  const outcomes: Readonly<Record<string, OutcomeKind>> = reasons;
  const outcome = Object.hasOwn(reasons, code) ? outcomes[code] : undefined;
  if (outcome === 'halted') return outcome;
  return isPromoted ? 'rolled-back' : (outcome ?? 'failed');
}
