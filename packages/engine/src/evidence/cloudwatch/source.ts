// Asks CloudWatch for whole periods of the past, by its lag, all counts of both sides in one request. CloudWatch stores no
// raw counters: a pair is how many there were in each period.

import type { Answer, PairOfCounters, Question, SideFacts } from '../../domain/evidence.ts';
import type { EvidenceParts } from '../driver.ts';
import { answerOf, NoNumberError } from '../no-number.ts';
import { fillIn } from '../placeholders.ts';
import type { EvidenceSource } from '../source.ts';
import { counterOfSpans, hasCounts, type Span, type Window, windowOf } from '../spans.ts';
import { type Api, createApi, isListed, type MetricQuery, metricSpans } from './api.ts';
import type { CloudwatchMetric, CloudwatchSettings } from './settings.ts';

/** How far back a value counts as recent enough to have gone stale. */
const staleMs = 3_600_000;

interface Asking {
  readonly api: Api;
  readonly settings: CloudwatchSettings;
  readonly window: Window;
  readonly signal: AbortSignal;
}

export function createCloudwatchSource(parts: EvidenceParts<CloudwatchSettings>): EvidenceSource {
  const { settings, secrets, timeoutMs, clock } = parts;
  const { url, region } = settings;
  const api = createApi({ url, region, secrets, timeoutMs, clock });
  return {
    ask: (question, signal) =>
      answerOf(() => answerTo({ api, settings, window: windowOf(clock.now(), settings), signal }, question), signal),
    shown: (question) => queriesOf(settings, question).map(textOf),
  };
}

type Part = 'bad' | 'all' | 'value';

function queryOf(settings: CloudwatchSettings, part: Part, side: SideFacts, question: Question): MetricQuery {
  const { metric, dimensions, stat } = settings[part] ?? noMetric;
  const filled = Object.entries(dimensions).map(
    ([name, value]) => [name, fillIn(value, side, question, (each) => each)] as const,
  );
  return {
    id: `${side.slot}_${part}`,
    namespace: settings.namespace,
    ...{ metric, stat, dimensions: Object.fromEntries(filled) },
  };
}

const noMetric: CloudwatchMetric = { metric: '', dimensions: {}, stat: 'Sum' };

function queriesOf(settings: CloudwatchSettings, question: Question): readonly MetricQuery[] {
  const { stable, canary } = question;
  if (settings.value !== undefined) return [queryOf(settings, 'value', canary, question)];
  return [stable, canary].flatMap((side) =>
    (['bad', 'all'] as const).map((part) => queryOf(settings, part, side, question)),
  );
}

const textOf = ({ namespace, metric, dimensions, stat }: Omit<MetricQuery, 'id'>): string => {
  const labels = Object.entries(dimensions).map(([name, value]) => `${name}=${value}`);
  return `${stat} of ${namespace} ${metric}{${labels.join(',')}}`;
};

async function answerTo(asking: Asking, question: Question): Promise<Answer> {
  const { api, settings, window, signal } = asking;
  const queries = queriesOf(settings, question);
  const found = await metricSpans(api, queries, window, signal);
  if (settings.value !== undefined) return { kind: 'number', value: await numberOf(asking, queries[0], found) };
  const pair = async (side: SideFacts): Promise<PairOfCounters> => {
    const counters = (part: Part) => {
      const query = queries.find(({ id }) => id === `${side.slot}_${part}`);
      const spans = query === undefined ? [] : (found.get(query.id) ?? []);
      return query !== undefined && hasCounts(spans) ? [counterOfSpans(textOf(query), spans, window)] : [];
    };
    const all = counters('all');
    if (all.length === 0) throw await absent(asking, queryOf(settings, 'all', side, question));
    return { bad: counters('bad'), all };
  };
  return { kind: 'counters', stable: await pair(question.stable), canary: await pair(question.canary) };
}

/** The newest value of those that are as old as the lag. */
async function numberOf(
  asking: Asking,
  query: MetricQuery | undefined,
  found: ReadonlyMap<string, readonly Span[]>,
): Promise<number> {
  if (query === undefined) throw new TypeError('one metric was asked for');
  const newest = found.get(query.id)?.findLast(({ count }) => count !== undefined)?.count;
  if (newest === undefined) throw await absent(asking, query);
  if (!Number.isFinite(newest)) throw new NoNumberError('not-a-number', `${textOf(query)} is ${newest}`);
  return newest;
}

/** An hour back, then the list of known metrics, with and without its dimensions, explain best why there is none. */
async function absent({ api, window, signal }: Asking, query: MetricQuery): Promise<NoNumberError> {
  const { untilMs } = window;
  const spans = await metricSpans(api, [query], { fromMs: untilMs - staleMs, untilMs, spanMs: 60_000 }, signal);
  if (hasCounts(spans.get(query.id) ?? []))
    return new NoNumberError('stale', `${textOf(query)} has had no value lately, and had some within an hour`);
  const { namespace, metric } = query;
  if (await isListed(api, { namespace, metric, dimensions: {} }, signal))
    return new NoNumberError(
      'empty',
      `CloudWatch knows ${metric} in ${namespace}, but has no value of ${textOf(query)}`,
    );
  return new NoNumberError('no-series', `CloudWatch knows no ${metric} in ${namespace}`);
}
