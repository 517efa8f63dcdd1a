// `monitoring.take`: what the alerts of one call do, rule by rule. Each firing is one row, so that a repeated call, a second
// process and a restart find it. The row and what it did are one commit.

import type { CalledAlert, CallResult, MonitoringCall } from '../../api/monitoring.ts';
import type { MonitoringCaller, MonitoringRule } from '../../config/monitoring/monitoring.ts';
import { actorName } from '../../domain/actor.ts';
import { type Refusal, type RefusalCode, refuse } from '../../domain/refusal.ts';
import type { TargetKey } from '../../domain/target.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import { addCall, type CallRow, callsOfGroup, endCall, waitingCalls } from '../../state/calls.ts';
import { type Core, requireTarget, type Target } from '../core.ts';
import { findTarget } from '../gates/facts.ts';
import { recordRefusal } from '../verbs/refused.ts';
import { type AlertsNow, alertsFor, alertsNow } from './alerts.ts';
import { type Called, callKey, monitorOf, ruleName } from './called.ts';
import { resolveGroup, withdraw } from './lift.ts';
import { perform } from './perform.ts';

/** Per caller. */
const mostWaiting = 100;

export function takeCall(core: Core, call: MonitoringCall): readonly CallResult[] {
  return core.store.receive(() => {
    const caller = core.settings.monitoring.find(({ name }) => name === call.caller);
    if (!caller) return [];
    const asked = call.asked && findTarget(core, call.asked);
    if (asked?.ok === false) return [notAllowed(core, caller, call, asked.refusal)];
    const fitting = caller.rules.flatMap((rule) => {
      const found = findTarget(core, rule);
      const alerts = alertsFor(rule, call.alerts);
      const isMeant = call.asked === undefined || (call.asked.act === rule.act && isSame(asked?.value.key, found));
      return found.ok && isMeant && alerts.length > 0 ? [{ rule, target: found.value, alerts }] : [];
    });
    if (fitting.length === 0 && asked) return [notAllowed(core, caller, call)];
    return fitting.map(({ alerts, ...of }) =>
      takeAlerts(core, { caller, group: call.group, ...of }, alertsNow(alerts)),
    );
  });
}

function isSame(asked: TargetKey | undefined, found: ReturnType<typeof findTarget>): boolean {
  return found.ok && found.value.key.service === asked?.service && found.value.key.target === asked.target;
}

interface Ruled {
  readonly caller: MonitoringCaller;
  readonly rule: MonitoringRule;
  readonly target: Target;
  readonly group: string;
}

function takeAlerts(core: Core, ruled: Ruled, alerts: AlertsNow): CallResult {
  const { db } = core.store;
  const before = callsOfGroup(db, callKey(ruled), ruled.group);
  if (alerts.newest === undefined) return resolveGroup(core, ruled, before, alerts.resolved);
  withdraw(core, before, alerts);
  const known = before.at(-1);
  const { startsAt, title } = alerts.newest;
  if (known && startsAt <= known.startsAt) return repeated(ruled, known);
  return fire(core, ruled, { title, startsAt });
}

function repeated({ rule, target }: Ruled, { receivedAt, alert }: CallRow): CallResult {
  const sentence = `${alert} was taken at ${clockTime(receivedAt)}; nothing is done twice`;
  return { act: rule.act, target: target.name, state: 'known', sentence };
}

function fire(core: Core, ruled: Ruled, { title, startsAt }: Pick<CalledAlert, 'title' | 'startsAt'>): CallResult {
  const { db } = core.store;
  const { caller, rule, target, group } = ruled;
  const now = core.clock.now();
  // The clock of the sender may be ahead.
  const called: Called = { caller, rule, target, alert: title, startsAt: Math.min(startsAt, now) };
  const dueAt = called.startsAt + rule.alertAgeMs;
  const row = addCall(db, {
    ...callKey(ruled),
    group,
    rule: ruleName(rule),
    alert: title,
    startsAt,
    receivedAt: now,
    dueAt,
    status: 'waiting',
  });
  return dueAt > now ? wait(core, called, row) : settleCall(core, called, row);
}

function wait(core: Core, called: Called, row: CallRow): CallResult {
  const { caller, rule, target, alert } = called;
  const result = { act: rule.act, target: target.name };
  if (waitingCalls(core.store.db, caller.name) > mostWaiting) {
    const answer = refuse('call-limit', `more than ${mostWaiting} alerts of ${caller.name} wait for their age`);
    recordRefusal(core, { actor: monitorOf(caller), verb: rule.act, refusal: answer.refusal, key: target.key });
    endCall(core.store.db, row.id, { status: 'refused' }, core.clock.now());
    return { ...result, state: 'refused', code: 'call-limit', sentence: answer.refusal.sentence };
  }
  const sentence = `${rule.act} of ${target.name} waits until ${alert} has fired for ${forHowLong(rule.alertAgeMs)}, at ${clockTime(row.dueAt)}`;
  core.store.write((tx) =>
    tx.audit({
      ...target.key,
      actor: actorName(monitorOf(caller)),
      action: 'monitor-waits',
      sentence,
      detail: { caller: caller.name, act: rule.act, alert, dueAt: row.dueAt },
    }),
  );
  return { ...result, state: 'waiting', sentence };
}

/** The end of a call that waits, now or when its alert is old enough. */
export function settleCall(core: Core, called: Called, row: CallRow): CallResult {
  const answer = perform(core, called);
  const result = { act: called.rule.act, target: called.target.name };
  const status = answer.ok ? answer.value.kind : 'refused';
  const deployment = answer.ok ? answer.value.deploymentId : undefined;
  endCall(core.store.db, row.id, { status, deploymentId: deployment ?? null }, core.clock.now());
  if (answer.ok) return { ...result, state: answer.value.kind, sentence: answer.value.sentence, deployment };
  const { code, sentence } = answer.refusal;
  return { ...result, state: 'refused', code, sentence };
}

function notAllowed(core: Core, caller: MonitoringCaller, { asked }: MonitoringCall, found?: Refusal): CallResult {
  const name = [asked?.service, asked?.target].filter((part) => part !== undefined).join('/');
  const refusal = found ?? notRuled(caller, asked?.act ?? '', name);
  const key = found || !asked ? undefined : requireTarget(core, targetKeyOf(core, asked)).key;
  recordRefusal(core, { actor: monitorOf(caller), verb: asked?.act ?? 'call', refusal, key });
  return { act: asked?.act ?? '', target: name, state: 'refused', code: refusal.code, sentence: refusal.sentence };
}

const code: RefusalCode = 'call-not-allowed';

const notRuled = ({ name }: MonitoringCaller, act: string, target: string): Refusal => ({
  code,
  sentence: `no rule of ${name} allows ${act} of ${target} for this alert`,
  hint: 'Rules are under `monitoring` in the configuration.',
});

function targetKeyOf(core: Core, asked: NonNullable<MonitoringCall['asked']>): TargetKey {
  const found = findTarget(core, asked);
  return found.ok ? found.value.key : { service: asked.service, target: asked.target ?? '' };
}
