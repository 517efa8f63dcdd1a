// The controller's part: does what an alert asked for once it has fired for long enough. A call is settled and ended in one
// commit, so that it acts once, whatever dies.

import { hasCode, messageOf } from '../../lib/errors.ts';
import { type CallRow, dueCalls, endCall, readCall } from '../../state/calls.ts';
import type { Lease } from '../../state/leases.ts';
import { type Core, targetOf } from '../core.ts';
import { findTarget } from '../gates/facts.ts';
import { type Called, ruleName } from './called.ts';
import { settleCall } from './take-call.ts';

const lookEveryMs = 1_000;
const mostAtOnce = 20;

export async function performDueCalls(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    settleDue(core, lease);
    await core.changeSignal.changed(lookEveryMs, signal);
  }
}

/** One that cannot be settled does not delay the others. */
export function settleDue(core: Core, lease: Lease): void {
  for (const row of dueCalls(core.store.db, core.clock.now(), mostAtOnce))
    try {
      core.store.receive(() => settleOne(core, lease, row));
    } catch (thrown) {
      if (hasCode(thrown, 'fenced-out') || hasCode(thrown, 'state-locked')) throw thrown;
      core.log.error(
        { caller: row.caller, alert: row.alert, problem: messageOf(thrown) },
        'an alert has no result yet',
      );
    }
}

function settleOne(core: Core, lease: Lease, { id }: CallRow): void {
  const { db } = core.store;
  core.store.under(lease).write(() => undefined);
  const row = readCall(db, id);
  if (row?.status !== 'waiting') return;
  const called = calledBy(core, row);
  if (called) settleCall(core, called, row);
  // The configuration has no such rule any more.
  else endCall(db, id, { status: 'withdrawn' }, core.clock.now());
}

function calledBy(core: Core, row: CallRow): Called | undefined {
  const caller = core.settings.monitoring.find(({ name }) => name === row.caller);
  const target = targetOf(core, row);
  const rule = caller?.rules.find((each) => {
    const found = findTarget(core, each);
    return each.act === row.act && found.ok && found.value === target && ruleName(each) === row.rule;
  });
  if (!caller || !rule || !target) return undefined;
  return { caller, rule, target, alert: row.alert, startsAt: Math.min(row.startsAt, core.clock.now()) };
}
