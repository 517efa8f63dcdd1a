// Is a side healthy, and is it the expected side and release? Checked over HTTP; independent of the driver.

import type { HealthSettings } from '../config/health/settings.ts';
import type { SlotName } from '../domain/target.ts';
import { messageOf } from '../lib/errors.ts';
import { type HttpAnswer, httpRequest } from '../lib/http.ts';
import { degradationOf, dependenciesIn, missingDependency, nameOf } from './health-fields.ts';
import { problemByKind } from './health-kinds.ts';
import type { HealthProof, HealthReport } from './health-report.ts';
import { excerpt, excerptOf, isAmong, parseJson, valueAt, wholeAnswer } from './json-path.ts';
import { listensElsewhere } from './listens-elsewhere.ts';
import { redirection } from './redirection.ts';

export interface Expected {
  readonly slot: SlotName;
  /** Undefined for an adopted process whose version is unknown: then any is right. */
  readonly version: string | undefined;
  /** For a check by a command; undefined: the slot has one instance. */
  readonly instance?: number | undefined;
}

export interface HealthProbe {
  /** Of the service, `http://127.0.0.1:3001`; the path comes from the settings. */
  readonly url: string;
  readonly expected: Expected;
  readonly settings: HealthSettings;
  /** For a probe through the load balancer: the scheme is that of its address, and these headers win over those of the rule. */
  readonly through?: {
    readonly headers: Readonly<Record<string, string>>;
    /** A header that the answer must have, with this value: it says that the balancer did as it was asked. */
    readonly proof?: { readonly header: string; readonly value: string };
  };
  readonly signal?: AbortSignal;
}

/** Does not throw for a side that does not answer: reports it. Rejects with the signal's reason when it aborts. */
export async function probeHealth(probe: HealthProbe): Promise<HealthReport> {
  const { expected, settings, signal } = probe;
  const began = performance.now();
  try {
    if (settings.type !== 'http' && !probe.through) {
      const problem = await problemByKind(settings.type, probe);
      const ms = performance.now() - began;
      return { healthy: problem === undefined, answered: true, proof: settings.type, ...(problem && { problem }), ms };
    }
    const answer = await askOverHttp(probe);
    return proved(judgeHealthAnswer(answer, expected, ruleOfAnswer(settings)), answer, probe);
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    const problem = await problemOf(thrown, probe);
    return { healthy: false, answered: false, proof: proofOf(probe), problem, ms: performance.now() - began };
  }
}

function proved(report: HealthReport, { headers }: HttpAnswer, { through }: HealthProbe): HealthReport {
  const { header, value } = through?.proof ?? {};
  if (header === undefined || !report.healthy || headers[header] === value) return report;
  return { ...report, healthy: false, problem: `expected ${header} to be ${value}, got ${headers[header] ?? 'none'}` };
}

const proofOf = ({ settings: { type, check }, through }: HealthProbe): HealthProof =>
  type === 'http' ? check : through ? 'status-code' : type;

/** A side that is not asked over HTTP is proved through the load balancer by any answer that is no failure of a server. */
function ruleOfAnswer(settings: HealthSettings): HealthSettings {
  return settings.type === 'http' ? settings : { ...settings, check: 'status-code', statuses: [[100, 499]] };
}

function askOverHttp({ url, settings, through, signal }: HealthProbe): Promise<HttpAnswer> {
  const address = new URL(settings.path, url);
  if (!through) address.protocol = `${settings.scheme}:`;
  const headers = withHeaders(settings.headers, through?.headers ?? {});
  return httpRequest({
    url: address.href,
    timeoutMs: settings.timeoutMs,
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(through ? {} : { tls: settings.tls }),
    ...(signal ? { signal } : {}),
  });
}

/** Names of headers are case-insensitive: a later one replaces an earlier one. */
function withHeaders(
  headers: Readonly<Record<string, string>>,
  stronger: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = new Set(Object.keys(stronger).map((name) => name.toLowerCase()));
  const kept = Object.entries(headers).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...stronger };
}

async function problemOf(thrown: unknown, { url, through, signal }: HealthProbe): Promise<string> {
  const sentence = messageOf(thrown);
  if (through || !isRefused(thrown)) return sentence;
  const elsewhere = await listensElsewhere(Number(new URL(url).port), signal);
  return elsewhere === undefined ? sentence : `${sentence}; ${elsewhere}`;
}

function isRefused(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

/** Pure: what an answer means. */
export function judgeHealthAnswer(
  answer: Answered & Pick<HttpAnswer, 'ms'>,
  expected: Expected,
  settings: HealthSettings,
): HealthReport {
  const parsed = parseJson(answer.body);
  const json = parsed === undefined ? bareWord(answer.body, settings.fields) : parsed;
  const byFields = settings.check === 'fields';
  const problem = byFields ? problemOfFields(answer, json, { expected, settings }) : problemOfStatus(answer, settings);
  const degraded = problem === undefined && byFields ? degradationOf(json, settings.fields) : undefined;
  return {
    healthy: problem === undefined,
    answered: true,
    proof: settings.check,
    ...(problem === undefined ? {} : { problem }),
    ...(degraded === undefined ? {} : { degraded }),
    ...(byFields ? dependenciesIn(json, settings.fields) : {}),
    ...reported(json, settings.fields),
    ms: answer.ms,
  };
}

/** `Healthy` of ASP.NET, `ok` of many: not JSON, and the whole answer of such a service. */
function bareWord(body: string, { status }: HealthSettings['fields']): string | undefined {
  return status === wholeAnswer && body.trim() !== '' ? excerpt(body) : undefined;
}

/** `headers`: only `location` is read. */
type Answered = Pick<HttpAnswer, 'status' | 'body'> & Partial<Pick<HttpAnswer, 'headers'>>;

function problemOfStatus(answer: Answered, { statuses }: HealthSettings): string | undefined {
  const { status, body } = answer;
  if (statuses.some(([from, to]) => status >= from && status <= to)) return undefined;
  const what = redirection(answer) ?? (body === '' ? '' : `: ${excerpt(body)}`);
  return `expected a status of ${statuses.map(rangeText).join(' or ')}, got ${status}${what}`;
}

function rangeText([from, to]: readonly [number, number]): string {
  if (from === to) return String(from);
  return from % 100 === 0 && to === from + 99 ? `${from / 100}xx` : `${from}-${to}`;
}

interface Wanted {
  readonly expected: Expected;
  readonly settings: HealthSettings;
}

function problemOfFields(answer: Answered, json: unknown, { expected, settings }: Wanted): string | undefined {
  const { fields } = settings;
  const status = problemOfStatus(answer, settings);
  if (status !== undefined) return status;
  if (json === undefined) return `expected JSON, got ${answer.body === '' ? 'an empty body' : excerpt(answer.body)}`;
  return (
    differs(json, fields.status, [...fields.okValues, ...(fields.degradedValues ?? [])], fields.okValues) ??
    differs(json, fields.environment, [expected.slot]) ??
    (expected.version === undefined ? undefined : differs(json, fields.version, [expected.version])) ??
    differs(json, fields.databaseConnected, [true]) ??
    missingDependency(json, fields)
  );
}

/** Undefined when the field is not checked or holds one of the values. */
function differs(
  json: unknown,
  path: string | undefined,
  accepted: readonly unknown[],
  named: readonly unknown[] = accepted,
): string | undefined {
  if (path === undefined) return undefined;
  const value = valueAt(json, path);
  if (isAmong(accepted, value)) return undefined;
  return `expected ${nameOf(path)} to be ${named.map((one) => excerptOf(one)).join(' or ')}, got ${excerptOf(value)}`;
}

/** What the service reports about itself in the answer, healthy or not: text from outside, cut short. */
function reported(json: unknown, fields: HealthSettings['fields']): Partial<HealthReport> {
  const read = (path: string | undefined): unknown => (path === undefined ? undefined : valueAt(json, path));
  const version = read(fields.version);
  const environment = read(fields.environment);
  const databaseConnected = read(fields.databaseConnected);
  const uptimeSeconds = read('uptime_seconds');
  const hostname = read('hostname');
  return {
    ...(typeof version === 'string' ? { version: excerpt(version, 100) } : {}),
    ...(typeof environment === 'string' ? { environment: excerpt(environment, 100) } : {}),
    ...(typeof databaseConnected === 'boolean' ? { databaseConnected } : {}),
    ...(typeof uptimeSeconds === 'number' ? { uptimeSeconds } : {}),
    ...(typeof hostname === 'string' ? { hostname: excerpt(hostname, 100) } : {}),
  };
}
