// Is a side healthy, and is it the side and the release that we believe it is? Asked over HTTP; knows no driver.

import type { HealthSettings } from '../config/settings.ts';
import { messageOf } from '../lib/errors.ts';
import { type HttpAnswer, httpRequest } from '../lib/http.ts';
import type { SlotName } from './environment.ts';
import { excerpt, excerptOf, parseJson, valueAt } from './json-path.ts';

export interface HealthReport {
  readonly healthy: boolean;
  /** `fields`: the answer named itself. `status-code`: something answered 2xx, which is weaker. */
  readonly proof: 'fields' | 'status-code';
  /** False: nothing came back in time, which may be a process that hangs. */
  readonly answered: boolean;
  /** One sentence: what was expected, and what came. Undefined when healthy. */
  readonly problem?: string;
  readonly version?: string;
  readonly environment?: string;
  readonly databaseConnected?: boolean;
  readonly uptimeSeconds?: number;
  readonly hostname?: string;
  readonly ms: number;
}

export interface Expected {
  readonly slot: SlotName;
  /** Undefined for an adopted process whose version nobody knows: then any is right. */
  readonly version: string | undefined;
}

export interface HealthProbe {
  /** Of the service, `http://127.0.0.1:3001`; the path comes from the settings. */
  readonly url: string;
  readonly expected: Expected;
  readonly settings: HealthSettings;
  /** For a probe through the balancer's preview route. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Never throws for a side that does not answer: says so in the report. Rejects with the signal's reason when it aborts. */
export async function probeHealth({ url, expected, settings, headers, signal }: HealthProbe): Promise<HealthReport> {
  const began = performance.now();
  try {
    const answer = await httpRequest({
      url: new URL(settings.path, url).href,
      timeoutMs: settings.timeoutMs,
      ...(headers ? { headers } : {}),
      ...(signal ? { signal } : {}),
    });
    return judgeHealthAnswer(answer, expected, settings);
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    const ms = performance.now() - began;
    return { healthy: false, answered: false, proof: settings.check, problem: messageOf(thrown), ms };
  }
}

/** Pure: what an answer means. */
export function judgeHealthAnswer(
  answer: Pick<HttpAnswer, 'status' | 'body' | 'ms'>,
  expected: Expected,
  settings: HealthSettings,
): HealthReport {
  const json = parseJson(answer.body);
  const problem =
    settings.check === 'fields' ? problemOfFields(answer, json, { expected, settings }) : problemOfStatus(answer);
  return {
    healthy: problem === undefined,
    answered: true,
    proof: settings.check,
    ...(problem === undefined ? {} : { problem }),
    ...told(json, settings.fields),
    ms: answer.ms,
  };
}

function problemOfStatus({ status, body }: Pick<HttpAnswer, 'status' | 'body'>): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  return `expected a status of 2xx, got ${status}${body === '' ? '' : `: ${excerpt(body)}`}`;
}

interface Wanted {
  readonly expected: Expected;
  readonly settings: HealthSettings;
}

function problemOfFields(
  answer: Pick<HttpAnswer, 'status' | 'body'>,
  json: unknown,
  { expected, settings: { fields } }: Wanted,
): string | undefined {
  const status = problemOfStatus(answer);
  if (status !== undefined) return status;
  if (json === undefined) return `expected JSON, got ${answer.body === '' ? 'an empty body' : excerpt(answer.body)}`;
  return (
    differs(json, fields.status, fields.okValues) ??
    differs(json, fields.environment, [expected.slot]) ??
    (expected.version === undefined ? undefined : differs(json, fields.version, [expected.version])) ??
    differs(json, fields.databaseConnected, [true])
  );
}

/** Undefined when the field is not checked or holds one of the values. */
function differs(json: unknown, path: string | undefined, accepted: readonly unknown[]): string | undefined {
  if (path === undefined) return undefined;
  const value = valueAt(json, path);
  if (accepted.includes(value)) return undefined;
  return `expected ${path} to be ${accepted.map((one) => excerptOf(one)).join(' or ')}, got ${excerptOf(value)}`;
}

/** What the answer tells about itself, healthy or not: text from outside, cut short. */
function told(json: unknown, fields: HealthSettings['fields']): Partial<HealthReport> {
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

/** What a row of reports adds up to: one bad answer is not yet an illness, one good one not yet a recovery. */
export interface HealthState {
  readonly condition: 'unknown' | 'healthy' | 'unhealthy';
  /** In a row, up to the last report; one of the two is 0. */
  readonly failures: number;
  readonly successes: number;
  /** The last failure's sentence, until the next success. */
  readonly problem?: string;
  /** Of the last failure: true when the side answered, and answered badly. */
  readonly answered?: boolean;
}

export const unknownHealth: HealthState = { condition: 'unknown', failures: 0, successes: 0 };

/** Pure: the state after one more report. */
export function nextHealth(
  previous: HealthState,
  report: Pick<HealthReport, 'healthy' | 'answered' | 'problem'>,
  { failures, successes }: Pick<HealthSettings, 'failures' | 'successes'>,
): HealthState {
  if (report.healthy) {
    const inRow = previous.successes + 1;
    return { condition: inRow >= successes ? 'healthy' : previous.condition, failures: 0, successes: inRow };
  }
  const inRow = previous.failures + 1;
  const problem = report.problem === undefined ? {} : { problem: report.problem };
  const condition = inRow >= failures ? 'unhealthy' : previous.condition;
  return { condition, failures: inRow, successes: 0, answered: report.answered, ...problem };
}
