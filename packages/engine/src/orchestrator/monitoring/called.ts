// One firing that a rule is about, and its names: in rows, and for people.

import { createHash } from 'node:crypto';
import type { MonitoringAct, MonitoringCaller, MonitoringRule } from '../../config/monitoring/monitoring.ts';
import type { Actor } from '../../domain/actor.ts';
import type { CallKey } from '../../state/calls.ts';
import type { Target } from '../core.ts';

export interface Called {
  readonly caller: MonitoringCaller;
  readonly rule: MonitoringRule;
  readonly target: Target;
  /** For people. */
  readonly alert: string;
  readonly startsAt: number;
}

export const monitorOf = ({ name }: MonitoringCaller): Actor => ({ kind: 'monitor', name, door: 'webhook' });

export const callKey = ({ caller, rule, target }: Pick<Called, 'caller' | 'rule' | 'target'>): CallKey => ({
  ...target.key,
  caller: caller.name,
  act: rule.act,
});

/** Tells the rules about one act and target apart, as long as their labels stay. */
export const ruleName = ({ labels }: MonitoringRule): string =>
  createHash('sha256').update(JSON.stringify(labels)).digest('hex').slice(0, 16);

const senders = { alertmanager: 'Alertmanager', datadog: 'Datadog', script: 'A script' } as const;
export const actWords: Readonly<Record<MonitoringAct, string>> = {
  rollback: 'a rollback',
  pause: 'a pause',
  lock: 'a lock',
};

/** `Alertmanager (prometheus) asked for a rollback of shop: HighErrorRate` */
export function askedSentence({ caller: { name, sender }, rule, target, alert }: Called): string {
  const who = name === sender ? senders[sender] : `${senders[sender]} (${name})`;
  return `${who} asked for ${actWords[rule.act]} of ${target.name}: ${alert}`;
}
