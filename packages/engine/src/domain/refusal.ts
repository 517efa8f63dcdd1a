// A refusal is an outcome, not an error: nothing was changed, and the person learns which rule refused and what to do.

export const refusalRules = {
  'already-active': 'a release that is live is not deployed again unless asked for as a redeploy',
  'already-decided': 'the first decision counts',
  'approvals-needed': 'one person does not skip the approvals of several, nor the time to look before one',
  'approvers-unknown': 'a group of approvers that cannot be read approves nothing',
  'artifact-refused': 'only what is allowed and proved is fetched',
  'call-limit': 'a monitoring system acts only so often before a person decides',
  'call-not-allowed': 'a monitoring system asks only for what its rules name',
  'call-out-of-time': 'an alert speaks only against the release that has just got users',
  'canary-refused': 'the steps of one deployment stay within the limits of the target',
  'config-changed': 'one state, one configuration',
  drifted: 'nothing is moved while the routing differs from what was set',
  'four-eyes': 'the person who asks does not approve',
  'no-rollback-target': 'there must be an earlier release to go back to',
  'no-such-delivery': 'the delivery must still be stored',
  'no-such-contract': 'the contract must exist',
  'no-such-deployment': 'the deployment must exist',
  'no-such-request': 'the request must still wait',
  'not-allowed-now': 'only legal next actions',
  'not-author': 'the quick look during a canary is the authors’',
  'not-approver': 'approvers decide',
  'not-in-team': 'people of the configured list act, all others may look',
  'not-startable': 'a release that cannot be started is not begun',
  'not-supported': 'a target is asked only for what its drivers can do',
  'nothing-to-contract': 'a contract takes away what its release brings the files for, once rows are filled',
  'nothing-to-switch': 'the other slot must hold a running release',
  'port-taken': 'an address belongs to the instance that was started on it, until that one ends',
  'queue-full': 'at most 20 deployments wait for a target',
  quarantined: 'a release that was marked bad is deployed by a person, with the checks and approvals of a deployment',
  'reason-missing': 'what stops others, or overrides a rule, names its reason',
  'release-unknown': 'only releases that exist are deployed',
  'role-missing': 'the roles of a target say who does what there',
  'schema-failed': 'what was begun and failed is named, and the next run goes on from there',
  'schema-incompatible': 'a side that cannot run on the present schema gets no users',
  'schema-needed': 'what a release needs that may get users is not taken away',
  'schema-refused': 'what the migrations or the database do not allow is not done',
  'side-unhealthy': 'no users for a side that is not healthy',
  'stale-card': 'a button acts on the state it was shown with',
  'stale-plan': 'an approval is bound to the plan it was asked for',
  'state-unknown': 'what is not known is not built upon',
  'target-busy': 'one deployment at a time on a target',
  'target-frozen': 'a freeze lets nothing new begin; a rollback is never refused by it',
  'target-locked': 'a lock holds the target',
  'target-suspended': 'no machine deploys where the automation is suspended, until a person decides',
  'target-unknown': 'the service and target must be configured',
  'too-early': 'people have time to look before an approval counts',
  'text-invalid': 'the command must be understood completely before anything is done',
} as const;

export type RefusalCode = keyof typeof refusalRules;

export interface Refusal {
  readonly code: RefusalCode;
  /** What was refused and why, one sentence with names and times. */
  readonly sentence: string;
  /** What the person can do now. */
  readonly hint: string;
  /** What was done before it came to this; undefined: nothing was changed. */
  readonly happened?: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });

export function refuse(
  code: RefusalCode,
  sentence: string,
  hint = '',
): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { code, sentence, hint } };
}
