// Pure: which alerts of a call a rule is about, and what they say together.

import type { CalledAlert } from '../../api/monitoring.ts';
import type { MonitoringRule } from '../../config/monitoring/monitoring.ts';

/** Those that have each label of the rule with one of its values. */
export function alertsFor({ labels }: MonitoringRule, alerts: readonly CalledAlert[]): readonly CalledAlert[] {
  const wanted = Object.entries(labels);
  return alerts.filter((alert) =>
    wanted.every(([label, values]) => {
      const found = Object.hasOwn(alert.labels, label) ? alert.labels[label] : undefined;
      return found !== undefined && values.includes(found);
    }),
  );
}

export interface AlertsNow {
  /** The alert that fires and began last. Those that began before it were known before, or began moments earlier. */
  readonly newest: CalledAlert | undefined;
  /** When those began that still fire. */
  readonly firing: ReadonlySet<number>;
  /** When those began that are resolved. */
  readonly resolved: ReadonlySet<number>;
}

export function alertsNow(alerts: readonly CalledAlert[]): AlertsNow {
  const firing = alerts.filter(({ status }) => status === 'firing').toSorted((a, b) => b.startsAt - a.startsAt);
  const resolved = alerts.filter(({ status }) => status === 'resolved');
  return {
    newest: firing[0],
    firing: new Set(firing.map(({ startsAt }) => startsAt)),
    resolved: new Set(resolved.map(({ startsAt }) => startsAt)),
  };
}
