// The end of alerts: what still waits for its age is withdrawn, and a pause or lock that the caller made is lifted, where
// the rule says so and no person has changed it.

import type { CallResult } from '../../api/monitoring.ts';
import type { MonitoringCaller, MonitoringRule } from '../../config/monitoring/monitoring.ts';
import { actorName } from '../../domain/actor.ts';
import { type CallRow, endCall, resolveCall, unresolvedActs } from '../../state/calls.ts';
import { readDeployment } from '../../state/deployments.ts';
import { readLock } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { unlock } from '../verbs/keep.ts';
import { resume } from '../verbs/steer.ts';
import type { AlertsNow } from './alerts.ts';
import { callKey, monitorOf } from './called.ts';

interface Resolved {
  readonly caller: MonitoringCaller;
  readonly rule: MonitoringRule;
  readonly target: Target;
}

/** Alerts that were resolved while others of their group still fire. */
export function withdraw(core: Core, rows: readonly CallRow[], { firing, resolved }: Omit<AlertsNow, 'newest'>): void {
  const now = core.clock.now();
  for (const { id, status, startsAt } of rows)
    if (status === 'waiting' && resolved.has(startsAt) && !firing.has(startsAt)) {
      endCall(core.store.db, id, { status: 'withdrawn' }, now);
      resolveCall(core.store.db, id, now);
    }
}

/** All alerts of the group are resolved. A call that arrives late says nothing about what fired after it. */
export function resolveGroup(
  core: Core,
  of: Resolved,
  rows: readonly CallRow[],
  resolved: ReadonlySet<number>,
): CallResult {
  const now = core.clock.now();
  const { db } = core.store;
  const until = Math.max(...resolved);
  const over = rows.filter(({ startsAt, resolvedAt }) => resolvedAt === null && startsAt <= until);
  for (const { id, status } of over) {
    if (status === 'waiting') endCall(db, id, { status: 'withdrawn' }, now);
    resolveCall(db, id, now);
  }
  const result = { act: of.rule.act, target: of.target.name };
  const acted = over.filter(({ status }) => status === 'done').at(-1);
  const lifted = acted && of.rule.lift ? lift(core, of, acted) : undefined;
  if (lifted !== undefined) return { ...result, state: 'lifted', sentence: lifted };
  return { ...result, state: 'resolved', sentence: resolvedSentence(over, of.target.name) };
}

function resolvedSentence(over: readonly CallRow[], name: string): string {
  const waited = over.find(({ status }) => status === 'waiting');
  return waited === undefined
    ? `the alerts are resolved, which changes nothing on ${name}`
    : `${waited.alert} was resolved before it was old enough: nothing is done to ${name}`;
}

/** What was lifted; undefined where there is nothing to lift. Another group of alerts may still need it. */
function lift(core: Core, of: Resolved, row: CallRow): string | undefined {
  const { caller, rule, target } = of;
  if (unresolvedActs(core.store.db, callKey(of)).length > 0) return undefined;
  const owner = actorName(monitorOf(caller));
  const sentence = rule.act === 'pause' ? resumed(core, of, row, owner) : unlocked(core, of, owner);
  if (sentence === undefined) return undefined;
  core.store.write((tx) =>
    tx.audit({
      ...target.key,
      actor: owner,
      action: 'monitor-lifted',
      deploymentId: row.deploymentId ?? undefined,
      sentence,
      detail: { caller: caller.name, act: rule.act, alert: row.alert, startsAt: row.startsAt },
    }),
  );
  return sentence;
}

function resumed(
  core: Core,
  { caller }: Resolved,
  { alert, deploymentId }: CallRow,
  owner: string,
): string | undefined {
  const paused = deploymentId === null ? undefined : readDeployment(core.store.db, deploymentId);
  if (!paused || paused.finishedAt !== null || paused.pausedBy !== owner) return undefined;
  const answer = resume(core, { id: paused.id }, monitorOf(caller));
  return answer.ok ? `${paused.version} goes on: ${alert} is resolved` : undefined;
}

function unlocked(core: Core, { caller, target }: Resolved, owner: string): string | undefined {
  const held = readLock(core.store.db, target.key, core.clock.now());
  if (held?.owner !== owner) return undefined;
  const answer = unlock(core, { ...target.key, actor: monitorOf(caller) });
  return answer.ok ? `${target.name} is unlocked: ${held.reason} is resolved` : undefined;
}
