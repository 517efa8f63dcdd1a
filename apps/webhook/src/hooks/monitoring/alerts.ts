// What a monitoring system says, in the one form that the engine knows. Texts from outside become plain and short here.

import type { CalledAlert, JsonObject, MonitoringCall, MonitoringCaller } from '@bg/engine';
import { digestOf } from '../secrets.ts';

export type CallReading =
  | { readonly ok: true; readonly call: MonitoringCall }
  /** Nothing that fires or is resolved. */
  | { readonly ok: true; readonly call: undefined; readonly sentence: string }
  | { readonly ok: false; readonly problem: string };

interface Source {
  readonly caller: MonitoringCaller;
  readonly payload: JsonObject;
  /** Equal for repeated deliveries. */
  readonly delivery: string;
  readonly receivedAt: number;
}

export function readCall(source: Source): CallReading {
  const { sender } = source.caller;
  switch (sender) {
    case 'alertmanager':
      return readAlertmanager(source);
    case 'datadog':
      return readDatadog(source);
    case 'script':
      return readScript(source);
    default:
      return sender satisfies never;
  }
}

const mostAlerts = 1_000;
const mostLabels = 200;
const mostTitle = 160;
const maxText = 500;

/** Version 4 of its webhook; Grafana sends the same. */
function readAlertmanager({ caller, payload }: Source): CallReading {
  const { groupKey, alerts } = payload;
  if (typeof groupKey !== 'string' || groupKey === '') return problem('"groupKey" is missing: expected a text');
  if (!Array.isArray(alerts) || alerts.length === 0) return problem('"alerts" is missing: expected a list of alerts');
  if (alerts.length > mostAlerts)
    return problem(`there are more than ${mostAlerts} alerts: set max_alerts of the receiver`);
  const read = alerts.map(readAlert);
  const wrong = read.findIndex((alert) => typeof alert === 'string');
  if (wrong >= 0) return problem(`alerts[${wrong}]: ${read[wrong]}`);
  return called({
    caller: caller.name,
    group: digestOf(groupKey),
    alerts: read.filter((one) => typeof one === 'object'),
  });
}

function readAlert(found: unknown): CalledAlert | string {
  if (!isObject(found)) return 'expected an object';
  const { status, labels, annotations, startsAt } = found;
  if (status !== 'firing' && status !== 'resolved') return '"status" does not fit: expected firing or resolved';
  const names = labelsOf(labels);
  if (names === undefined) return `"labels" does not fit: expected an object of at most ${mostLabels} texts`;
  const at = timeOf(startsAt);
  if (at === undefined) return '"startsAt" does not fit: expected a time such as 2026-12-01T22:00:00Z';
  const summary = isObject(annotations) ? annotations.summary : undefined;
  return { status, labels: names, startsAt: at, title: titleOf([names.alertname, summary]) };
}

const firing: readonly unknown[] = ['Triggered', 'Re-Triggered', 'Renotify'];

/** As the template of docs/monitoring.md has it. */
function readDatadog({ caller, payload }: Source): CallReading {
  const { monitor, cycle, transition, title, tags, scope, at } = payload;
  if (typeof transition !== 'string') return problem('"transition" is missing: expected $ALERT_TRANSITION');
  if (typeof monitor !== 'string' || monitor === '') return problem('"monitor" is missing: expected $ALERT_ID');
  if (typeof cycle !== 'string' || cycle === '') return problem('"cycle" is missing: expected $ALERT_CYCLE_KEY');
  const startsAt = timeOf(at);
  if (startsAt === undefined) return problem('"at" does not fit: expected $DATE, in milliseconds');
  const status = firing.includes(transition) ? 'firing' : transition === 'Recovered' ? 'resolved' : undefined;
  if (status === undefined) return { ok: true, call: undefined, sentence: `${plain(transition, 40)} asks for nothing` };
  const labels = { ...tagsOf(tags), ...tagsOf(scope), monitor };
  const alert: CalledAlert = { status, labels, startsAt, title: titleOf([title]) };
  return called({ caller: caller.name, group: digestOf(`${monitor}\n${cycle}`), alerts: [alert] });
}

const names = /^[a-z][a-z0-9-]{0,31}$/;
const fields: Readonly<Record<string, { readonly fits: (value: unknown) => boolean; readonly expected: string }>> = {
  act: { fits: (value) => ['rollback', 'pause', 'lock'].includes(String(value)), expected: 'rollback, pause or lock' },
  service: { fits: (value) => typeof value === 'string' && names.test(value), expected: 'the name of a service' },
  target: { fits: (value) => typeof value === 'string' && names.test(value), expected: 'the name of a target' },
  alert: { fits: isShort, expected: `a text of 1 to ${maxText} characters` },
  status: { fits: (value) => value === 'firing' || value === 'resolved', expected: 'firing or resolved' },
  key: { fits: isShort, expected: `a text of 1 to ${maxText} characters` },
  startsAt: { fits: (value) => timeOf(value) !== undefined, expected: 'a time such as 2026-12-01T22:00:00Z' },
  labels: { fits: (value) => labelsOf(value) !== undefined, expected: `an object of at most ${mostLabels} texts` },
};

function readScript({ caller, payload, delivery, receivedAt }: Source): CallReading {
  const known = Object.keys(fields).join(', ');
  const unknown = Object.keys(payload).filter((key) => !Object.hasOwn(fields, key));
  const wrong = Object.entries(fields).flatMap(([key, { fits, expected }]) =>
    payload[key] === undefined || fits(payload[key]) ? [] : [`"${key}" does not fit: expected ${expected}`],
  );
  const { act, service, target, alert, status = 'firing', key, startsAt, labels } = payload;
  const problems = [
    ...unknown.map((name) => `${JSON.stringify(name.slice(0, 40))} is not known here (known: ${known})`),
    ...wrong,
    ...['act', 'service', 'alert'].flatMap((name) =>
      payload[name] === undefined ? [`"${name}" is missing: expected ${fields[name]?.expected}`] : [],
    ),
    // Otherwise no call would be known that it could resolve.
    ...(status === 'resolved' && key === undefined ? ['"key" is missing: expected that of the call that is over'] : []),
  ];
  if (problems.length > 0) return problem(problems.slice(0, 10).join('; '));
  return called({
    caller: caller.name,
    group: digestOf(key === undefined ? `delivery ${delivery}` : `key ${String(key)}`),
    alerts: [
      {
        status: status === 'resolved' ? 'resolved' : 'firing',
        labels: labelsOf(labels) ?? {},
        startsAt: timeOf(startsAt) ?? receivedAt,
        title: titleOf([alert]),
      },
    ],
    asked: { act: String(act), service: String(service), target: target === undefined ? undefined : String(target) },
  });
}

const called = (call: MonitoringCall): CallReading => ({ ok: true, call });
const problem = (sentence: string): CallReading => ({ ok: false, problem: sentence });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isShort(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= maxText;
}

function labelsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return {};
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  return entries.length <= mostLabels && entries.every(([, text]) => typeof text === 'string')
    ? Object.fromEntries(entries as [string, string][])
    : undefined;
}

/** `service:shop, env:production`; a tag without a value has an empty one. */
function tagsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'string') return {};
  const tags = value.split(',', mostLabels).map((tag) => {
    const [name = '', ...rest] = tag.trim().split(':');
    return [name, rest.join(':')] as const;
  });
  return Object.fromEntries(tags.filter(([name]) => name !== ''));
}

const earliest = Date.UTC(2000, 0, 1);
const latest = Date.UTC(2200, 0, 1);
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** ISO 8601, or milliseconds as a number or text. */
function timeOf(value: unknown): number | undefined {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d{13}$/.test(value));
  const at = isNumber
    ? Number(value)
    : typeof value === 'string' && isoTime.test(value)
      ? Date.parse(value)
      : Number.NaN;
  return at >= earliest && at <= latest ? Math.floor(at) : undefined;
}

function titleOf(parts: readonly unknown[]): string {
  const texts = parts.flatMap((part) => (typeof part === 'string' ? [plain(part, mostTitle)] : []));
  const title = texts.filter((text) => text !== '').join(': ');
  return plain(title, mostTitle) || 'an alert without a name';
}

/** On one line, without what is not to be seen: control characters, and marks that turn the direction of text. */
function plain(text: string, most: number): string {
  const seen = text
    .slice(0, most * 4)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return [...seen].length > most ? `${[...seen].slice(0, most - 1).join('')}…` : seen;
}
