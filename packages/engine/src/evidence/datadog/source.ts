// Asks Datadog for whole spans of the past, by its lag. Datadog stores no raw counters: a pair is how many there were in
// each span.

import type { Answer, PairOfCounters, Question, Series, SideFacts } from '../../domain/evidence.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { EvidenceParts } from '../driver.ts';
import { answerOf, NoNumberError } from '../no-number.ts';
import { fillIn } from '../placeholders.ts';
import type { EvidenceSource } from '../source.ts';
import { counterOfSpans, hasCounts, type Span, type Window, windowOf } from '../spans.ts';
import { type Api, createApi, query } from './api.ts';
import type { DatadogSettings } from './settings.ts';

/** How far back a metric counts as known. */
const knownMs = 3_600_000;

interface Asking {
  readonly api: Api;
  readonly settings: DatadogSettings;
  readonly window: Window;
  readonly signal: AbortSignal;
}

export function createDatadogSource(parts: EvidenceParts<DatadogSettings>): EvidenceSource {
  const { settings, secrets, timeoutMs, clock } = parts;
  const { apiKey = '', applicationKey = '' } = secrets;
  const keys = { 'dd-api-key': apiKey, 'dd-application-key': applicationKey, accept: 'application/json' };
  const api = createApi({ url: settings.url, keys, timeoutMs, clock });
  return {
    ask: (question, signal) =>
      answerOf(() => answerTo({ api, settings, window: windowOf(clock.now(), settings), signal }, question), signal),
    shown: (question) => {
      const { value, bad, all } = settings;
      if (value !== undefined) return [filled(value, question.canary, question)];
      return [question.stable, question.canary].flatMap((side) =>
        [bad, all].flatMap((text) => (text === undefined ? [] : filled(text, side, question))),
      );
    },
  };
}

const filled = (text: string, side: SideFacts, question: Question): string => fillIn(text, side, question, tagValue);

/** Datadog stores tags in lower case; another character would end the value or the scope. */
function tagValue(value: string): string {
  if (/^[A-Za-z0-9_./:-]{1,200}$/.test(value)) return value.toLowerCase();
  throw new BlueGreenError('evidence-unreadable', `"${value}" cannot be the value of a tag of Datadog`);
}

async function answerTo(asking: Asking, question: Question): Promise<Answer> {
  const { value } = asking.settings;
  if (value !== undefined)
    return { kind: 'number', value: await numberOf(asking, filled(value, question.canary, question)) };
  const [stable, canary] = await Promise.all(
    [question.stable, question.canary].map((side) => pairOf(asking, side, question)),
  );
  if (!stable || !canary) throw new TypeError('two sides were asked for');
  return { kind: 'counters', stable, canary };
}

/** The newest value of those that are as old as the lag. */
async function numberOf({ api, settings, window, signal }: Asking, text: string): Promise<number> {
  const series = await query(api, { text, ...window }, signal);
  if (series.length > 1)
    throw new NoNumberError('several', `${text} returns ${series.length} series, and one number is needed`);
  const [only] = series;
  if (only === undefined) throw await absent({ api, settings, window, signal }, text);
  const whole = only.spans.filter(({ fromMs }) => fromMs + (only.spanMs ?? 0) <= window.untilMs);
  const newest = whole.findLast(({ count }) => count !== undefined)?.count;
  if (newest === undefined) throw new NoNumberError('empty', `${text} has had no value lately`);
  if (!Number.isFinite(newest)) throw new NoNumberError('not-a-number', `${text} is ${newest}`);
  return newest;
}

async function pairOf(asking: Asking, side: SideFacts, question: Question): Promise<PairOfCounters> {
  const texts = [asking.settings.bad, asking.settings.all].map((text = '') => filled(text, side, question));
  const [bad = [], all = []] = await Promise.all(texts.map((text) => countsOf(asking, text)));
  if (all.length === 0) throw await absent(asking, texts[1] ?? '');
  return { bad, all };
}

/** None where nothing was counted in the whole window. */
async function countsOf({ api, settings, window, signal }: Asking, text: string): Promise<readonly Series[]> {
  const { spanMs } = settings;
  const asked = `${text}.rollup(sum, ${spanMs / 1000})`;
  const series = await query(api, { text: asked, ...window }, signal);
  if (series.length > 1) throw new NoNumberError('several', `${text} is ${series.length} series; name one`);
  const [only] = series;
  if (only === undefined || !hasCounts(only.spans)) return [];
  if (only.spanMs !== undefined && only.spanMs !== spanMs)
    throw new BlueGreenError(
      'evidence-unreadable',
      `Datadog answered with spans of ${only.spanMs / 1000} s in place of ${spanMs / 1000} s`,
    );
  return [counterOfSpans(text, only.spans, window)];
}

/** The same query over an hour, then its metric without tags, explain best why there is no number. */
async function absent({ api, window, signal }: Asking, text: string): Promise<NoNumberError> {
  const { untilMs } = window;
  const seen = async (asked: string): Promise<boolean> => {
    const series = await query(api, { text: asked, fromMs: untilMs - knownMs, untilMs }, signal);
    return series.some(({ spans }: { readonly spans: readonly Span[] }) => hasCounts(spans));
  };
  if (await seen(text))
    return new NoNumberError('stale', `${text} has had no value lately, and had some within an hour`);
  const metric = /(?:^|[^A-Za-z0-9_.])(?:sum|avg|min|max|count|p\d\d):([A-Za-z][A-Za-z0-9_.]*)/.exec(text)?.[1];
  if (metric === undefined || (await seen(`sum:${metric}{*}`)))
    return new NoNumberError('empty', `${text} returns nothing`);
  return new NoNumberError('no-series', `Datadog has seen no ${metric} within an hour`);
}
