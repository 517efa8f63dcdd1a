// A few requests as a user would make them, before any user does. Every test is run and reported, also after a failure.

import type { HealthSettings } from '../config/health/settings.ts';
import type { SmokeTest } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { type HttpAnswer, httpRequest } from '../lib/http.ts';
import { excerpt, excerptOf, parseJson, valueAt } from './json-path.ts';
import { redirection } from './redirection.ts';

export interface SmokeRun {
  /** `http://127.0.0.1:3001`, or the balancer's address for the preview route. */
  readonly baseUrl: string;
  readonly tests: readonly SmokeTest[];
  /** For all tests together; each has its own limit as well. */
  readonly totalMs: number;
  /** Sent with every request on top of a test's own, such as the preview token. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How the slot's own port is asked; absent where `baseUrl` is an address of a load balancer. */
  readonly slotRule?: Pick<HealthSettings, 'scheme' | 'tls'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

interface SmokeResult {
  readonly name: string;
  readonly passed: boolean;
  readonly ms: number;
  /** One sentence: what was expected, and what came. */
  readonly problem?: string;
}

export interface SmokeReport {
  readonly passed: boolean;
  readonly results: readonly SmokeResult[];
}

/** In the order given, one at a time. Rejects with the signal's reason when it aborts. */
export async function runSmokeTests(run: SmokeRun): Promise<SmokeReport> {
  const until = run.clock.monotonic() + run.totalMs;
  const results: SmokeResult[] = [];
  for (const test of run.tests) results.push(await runOne(run, test, until));
  return { passed: results.every(({ passed }) => passed), results };
}

async function runOne(run: SmokeRun, test: SmokeTest, until: number): Promise<SmokeResult> {
  const leftMs = until - run.clock.monotonic();
  if (leftMs <= 0) return failed(test, 0, `not run: the limit of ${run.totalMs} ms for all smoke tests was used up`);
  const began = performance.now();
  try {
    const answer = await httpRequest({
      url: addressOf(test, run),
      method: test.method,
      headers: headersOf(test, run.headers),
      ...(test.body === undefined ? {} : { body: test.body }),
      timeoutMs: Math.min(test.timeoutMs, leftMs),
      ...(run.slotRule ? { tls: run.slotRule.tls } : {}),
      ...(run.signal ? { signal: run.signal } : {}),
    });
    const problem = judgeSmokeAnswer(answer, test.expect);
    return problem === undefined ? { name: test.name, passed: true, ms: answer.ms } : failed(test, answer.ms, problem);
  } catch (thrown) {
    if (run.signal?.aborted) throw thrown;
    return failed(test, performance.now() - began, messageOf(thrown));
  }
}

function addressOf({ path }: SmokeTest, { baseUrl, slotRule }: SmokeRun): string {
  const address = new URL(path, baseUrl);
  if (slotRule) address.protocol = `${slotRule.scheme}:`;
  return address.href;
}

/** Pure: undefined when the answer is as expected. */
export function judgeSmokeAnswer(
  answer: Pick<HttpAnswer, 'status' | 'body'> & Partial<Pick<HttpAnswer, 'headers'>>,
  expect: SmokeTest['expect'],
): string | undefined {
  const { status, body } = answer;
  const got = redirection(answer) ?? `: ${body === '' ? 'an empty body' : excerpt(body)}`;
  if (status !== expect.status) return `expected status ${expect.status}, got ${status}${got}`;
  return problemOfJson(body, expect.json) ?? problemOfText(body, expect.text);
}

function problemOfJson(body: string, wanted: SmokeTest['expect']['json']): string | undefined {
  if (Object.keys(wanted).length === 0) return undefined;
  const json = parseJson(body);
  if (json === undefined) return `expected JSON, got ${body === '' ? 'an empty body' : excerpt(body)}`;
  const wrong = Object.entries(wanted).find(([path, value]) => valueAt(json, path) !== value);
  if (!wrong) return undefined;
  const [path, value] = wrong;
  return `expected ${path} to be ${excerptOf(value)}, got ${excerptOf(valueAt(json, path))} in ${excerpt(body)}`;
}

function problemOfText(body: string, wanted: readonly string[]): string | undefined {
  const missing = wanted.find((text) => !body.includes(text));
  if (missing === undefined) return undefined;
  return `expected the text ${excerptOf(missing)}, got ${body === '' ? 'an empty body' : excerpt(body)}`;
}

function headersOf({ headers, body }: SmokeTest, added: Readonly<Record<string, string>> = {}): Record<string, string> {
  const given = { ...headers, ...added };
  const hasType = Object.keys(given).some((name) => name.toLowerCase() === 'content-type');
  const isJson = body !== undefined && parseJson(body) !== undefined;
  return isJson && !hasType ? { ...given, 'content-type': 'application/json' } : given;
}

function failed({ name }: SmokeTest, ms: number, problem: string): SmokeResult {
  return { name, passed: false, ms, problem };
}
