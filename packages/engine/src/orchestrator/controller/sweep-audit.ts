// In parallel with the deployments: verifies the audit log bit by bit, so that a changed row is found although no person
// looks. A page is some milliseconds of work.

import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { type Broken, brokenLog, isKnown, recordBroken, sweepPage } from '../../state/audit-sweep.ts';
import type { Lease } from '../../state/leases.ts';
import type { Core } from '../core.ts';

const pageRows = 200;
/** More than eight million rows a day. */
const everyMs = 2_000;

export async function sweepAudit(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  while (await pause(core.clock, everyMs, signal)) {
    try {
      sweepOnce(core, lease);
    } catch (thrown) {
      if (hasCode(thrown, 'fenced-out')) throw thrown;
      core.log.error({ problem: messageOf(thrown) }, 'the audit log could not be verified further, tries again');
    }
  }
}

export function sweepOnce({ store, log, targets }: Core, lease: Lease, rows = pageRows): void {
  const broken = store.note((db, now) => sweepPage(db, now, rows));
  if (broken === undefined) return;
  const { seq, problem } = broken;
  if (isKnown(store.db, broken)) store.note((db) => recordBroken(db, broken));
  else {
    log.error({ seq, problem }, 'the audit log is broken');
    store.under(lease).write((tx) => {
      recordBroken(tx.db, broken);
      const detail = { row: seq, problem };
      tx.audit({ actor: 'engine', action: 'audit-broken', sentence: sentenceOf(broken), detail, ...targets[0]?.key });
    });
  }
}

const sentenceOf = ({ seq, problem }: Omit<Broken, 'at'>): string =>
  `the audit log is broken at row ${seq}: ${problem}; compare it with a copy (\`bg audit verify --full\`)`;

/** For the status, until a whole pass finds the log intact. */
export function brokenWarnings({ store }: Core): readonly string[] {
  const broken = brokenLog(store.db);
  return broken === undefined ? [] : [sentenceOf(broken)];
}
