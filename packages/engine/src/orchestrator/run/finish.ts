// How a deployment ends: one outcome with reason, sentence and actor, and what becomes of the side that was left.

import { shortName } from '../../domain/actor.ts';
import type { OutcomeKind } from '../../domain/deployment.ts';
import { type EndCode, outcomeOf } from '../../domain/reasons.ts';
import { otherSlot } from '../../domain/target.ts';
import { advanceDeployment, type DeploymentRow } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readSlot, setSlot } from '../../state/targets.ts';
import { requireTarget, type Target } from '../core.ts';
import { resumeAfterPromotion, suspendAfterMark } from '../gates/suspension.ts';
import type { FailingNote } from './failing-requests.ts';
import type { Run } from './journal.ts';
import { markBad } from './mark-bad.ts';
import { goOnToNextOlder } from './next-older.ts';
import { takeAbort } from './signals.ts';
import { turnBack } from './unwind.ts';

interface Ending {
  readonly kind: OutcomeKind;
  readonly code: EndCode;
  readonly sentence: string;
  readonly actor: string;
}

/** An abort that a person requested before this transaction still applies. */
export function finish(run: Run, note?: FailingNote): void {
  const { core, lease, row } = run;
  const target = requireTarget(core, row);
  core.store.under(lease).write((tx) => {
    const givenUp = row.direction === 'forward' ? takeAbort(tx, row) : undefined;
    if (givenUp?.kind === 'failed') {
      turnBack(tx, run, givenUp);
      return;
    }
    note?.(tx);
    const ending = endingOf(row);
    if (ending.kind === 'promoted') {
      settleOldSide(tx, target, row);
      resumeAfterPromotion(tx, row);
    }
    advanceDeployment(tx, row.id, {
      phase: 'finished',
      outcome: ending.kind,
      finishedAt: tx.now,
      causeCode: ending.code,
      cause: ending.sentence,
      causeActor: ending.actor,
    });
    tx.audit({
      ...target.key,
      actor: ending.actor,
      action: 'deployment-finished',
      deploymentId: row.id,
      code: ending.code,
      sentence: ending.sentence,
      detail: { outcome: ending.kind, version: row.version, from: row.fromVersion },
    });
    if (ending.kind === 'failed') goOnToNextOlder(tx, core, row, ending);
    core.log.info({ deployment: row.id, outcome: ending.kind, code: ending.code }, ending.sentence);
  });
}

/** Pure: the ending that the row has come to. */
export function endingOf(row: DeploymentRow): Ending {
  if (row.direction === 'forward')
    return { kind: 'promoted', code: row.mode, sentence: promotedSentence(row), actor: row.requestedBy };
  const { causeCode: code, cause: sentence, causeActor: actor } = row;
  const why = {
    code: code ?? ('unknown' as const),
    sentence: sentence ?? 'no reason was written',
    actor: actor ?? 'engine',
  };
  return { kind: outcomeOf(why.code, { isPromoted: row.promotedAt !== null }), ...why };
}

function promotedSentence({ mode, version, fromVersion, requestedBy }: DeploymentRow): string {
  const who = shortName(requestedBy);
  switch (mode) {
    case 'rollback':
      return `${who} rolled back from ${fromVersion} to ${version}: it is live`;
    case 'switch':
      return `${who} switched from ${fromVersion} to ${version}: it is live`;
    case 'deploy':
    case 'redeploy':
      return `${version} is live`;
    default:
      return mode satisfies never;
  }
}

function settleOldSide(tx: Tx, target: Target, row: DeploymentRow): void {
  const slot = otherSlot(row.slot);
  const old = readSlot(tx.db, target.key, slot);
  if (old.role !== 'standby') return;
  if (row.mode === 'rollback') {
    // The side that was left for a reason is available for inspection, then restored to the last good release.
    setSlot(tx, target.key, slot, {
      label: 'failed',
      keepUntil: tx.now + target.settings.failedSide.keepMs,
      displacedVersion: row.version,
    });
    const cause = { sentence: row.reason ?? 'rolled back', actor: row.requestedBy };
    const version = old.version ?? '';
    if (markBad(tx, row, { digest: old.digest, version, remaining: row.digest, cause }))
      suspendAfterMark(tx, target, { deploymentId: row.id, version, by: cause.actor, reason: cause.sentence });
    return;
  }
  const { afterBake, standbyKeepMs } = target.settings;
  if (afterBake === 'upgrade') {
    setSlot(tx, target.key, slot, { label: 'upgrading', keepUntil: tx.now });
    return;
  }
  const keepUntil = afterBake === 'stop' ? tx.now : standbyKeepMs === undefined ? null : tx.now + standbyKeepMs;
  setSlot(tx, target.key, slot, { label: null, keepUntil });
}
